//! CSV and TSV with a header.

use serde_json::Map;
use serde_json::Value;

use crate::Failed;
use crate::Item;
use crate::Options;
use crate::Refused;
use crate::record;

/// Columns that a table may have.
const COLUMNS_MAX: usize = 1_000;

/// What parts the cells of a table, by its first line: the mark that stands there most often outside
/// quotes.
#[must_use]
pub fn delimiter(first_line: &str) -> Option<u8> {
    let mut quoted = false;
    // Of equally many the last counts: tabs hardly stand in names.
    let mut counts = [(b'|', 0_usize), (b';', 0), (b',', 0), (b'\t', 0)];
    for byte in first_line.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        } else if !quoted
            && let Some((_, count)) = counts.iter_mut().find(|(mark, _)| *mark == byte)
        {
            *count += 1;
        }
    }
    let (mark, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count > 0).then_some(mark)
}

/// Reads a table whose first line names the columns.
pub(crate) fn read(text: &str, delimiter: u8, options: &Options) -> Result<Vec<Item>, Failed> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header =
        reader.headers().map_err(|error| Failed::Syntax("CSV", error.to_string()))?.clone();
    if header.len() > COLUMNS_MAX {
        return Err(Failed::Syntax("CSV", format!("it has more than {COLUMNS_MAX} columns")));
    }
    if !header.iter().any(|name| options.names.find(name).is_some()) {
        let names: Vec<&str> = header.iter().take(8).collect();
        let what = format!(
            "no column is known ({}); --map NAME=FIELD names them, as in --map 稿件名=title",
            names.join(", ")
        );
        return Err(Failed::Syntax("CSV", what));
    }
    let mut items = Vec::new();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let number = error.position().map_or(0, csv::Position::line);
                items.push(Item { number, outcome: Err(Refused::Syntax(error.to_string())) });
                continue;
            }
        };
        let number = row.position().map_or(0, csv::Position::line);
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let outcome = if row.len() == header.len() {
            let cells = header.iter().zip(row.iter());
            let values: Map<String, Value> =
                cells.map(|(name, cell)| (name.trim().to_owned(), Value::from(cell))).collect();
            record::assemble(&values, options)
        } else {
            Err(Refused::Syntax(format!("has {} cells under {} columns", row.len(), header.len())))
        };
        items.push(Item { number, outcome });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::delimiter;
    use super::read;
    use crate::Options;

    #[test]
    fn cells_may_hold_lines_marks_and_quotes() {
        let text = "编号,发布时间,标题,正文,版面\n\
            1,2025/9/8 7:30,\"停水,停电\",\"第一段。\n第二段说：\"\"好\"\"。\",A03\n\
            ,,,,\n\
            3,2025-09-09,只有标题\n\
            4.0,20250910,开镰,昨日开镰。,\n";
        let items =
            read(text, delimiter(text.lines().next().unwrap()).unwrap(), &Options::default())
                .unwrap();
        let numbers: Vec<u64> = items.iter().map(|item| item.number).collect();
        assert_eq!(numbers, [2, 5, 6]);
        let record = items[0].outcome.clone().unwrap().record;
        assert_eq!(
            (record.title.as_str(), record.paragraphs[1].as_str()),
            ("停水,停电", "第二段说：\"好\"。")
        );
        assert_eq!(record.published_at.unwrap().to_string(), "2025-09-08T07:30:00");
        assert_eq!(record.page.unwrap().to_string(), "A03");
        assert!(items[1].outcome.clone().unwrap_err().to_string().contains("3 cells under 5"));
    }

    #[test]
    fn the_mark_between_cells_is_told_by_the_header() {
        assert_eq!(delimiter("title,body"), Some(b','));
        assert_eq!(delimiter("title\tbody, and more"), Some(b'\t'));
        assert_eq!(delimiter("标题;正文"), Some(b';'));
        assert_eq!(delimiter("标题"), None);
    }

    #[test]
    fn a_table_without_a_known_column_is_refused_once() {
        let error = read("甲,乙\n1,2\n3,4\n", b',', &Options::default()).unwrap_err().to_string();
        assert!(error.contains("甲, 乙") && error.contains("--map"), "{error}");
    }
}
