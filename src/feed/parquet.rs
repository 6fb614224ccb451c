//! Parquet: the tables of columns in which archives and data sets come.
//!
//! Read are plain files and those compressed with Snappy or Zstandard, through the rows' own face of
//! the `parquet` crate, without Arrow. A time without a zone is China's, like everywhere here.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use ::parquet::basic::LogicalType;
use ::parquet::basic::TimeUnit;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::FileReader;
use ::parquet::file::reader::SerializedFileReader;
use ::parquet::record::Field;
use ::parquet::record::Row;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;

use crate::Failed;
use crate::Format;
use crate::Item;
use crate::Options;
use crate::Refused;
use crate::record;

/// Bytes of all columns together, decompressed, as the file tells them.
const BYTES_MAX: i64 = 1 << 30;

/// What the column of a time counts.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Whether it counts from 1970 in UTC, and not on somebody's clock.
    is_utc: bool,
    /// Whether it comes as a plain number of nanoseconds.
    is_nanos: bool,
}

/// Reads a whole file.
pub(crate) fn read(bytes: Vec<u8>, options: &Options) -> Result<Vec<Item>, Failed> {
    // The crate is not written for files that mean harm.
    let read = catch_unwind(AssertUnwindSafe(|| rows(bytes, options)));
    let failed = |what: String| {
        let how = Format::Parquet.refusal();
        let how = how.split_once("; ").map_or("", |(_, how)| how);
        Failed::Syntax("Parquet", format!("{what}; {how}"))
    };
    read.unwrap_or_else(|_panic| Err("it is damaged".to_owned())).map_err(failed)
}

fn rows(bytes: Vec<u8>, options: &Options) -> Result<Vec<Item>, String> {
    let reader = SerializedFileReader::new(Bytes::from(bytes));
    let reader = reader.map_err(|error| error.to_string())?;
    let metadata = reader.metadata();
    let groups = metadata.row_groups().iter().map(RowGroupMetaData::total_byte_size);
    if groups.fold(0_i64, |sum, bytes| sum.saturating_add(bytes.max(0))) > BYTES_MAX {
        return Err(format!("it unfolds to more than {BYTES_MAX} bytes"));
    }
    let schema = metadata.file_metadata().schema();
    let moments: HashMap<String, Moment> = schema
        .get_fields()
        .iter()
        .filter_map(|field| {
            let info = field.get_basic_info();
            Some((info.name().to_owned(), moment(info.logical_type_ref()?)?))
        })
        .collect();
    let rows = reader.get_row_iter(None).map_err(|error| error.to_string())?;
    let mut items = Vec::new();
    for (row, number) in rows.zip(1..) {
        let outcome = match row {
            Ok(row) => record::assemble(&values(&row, &moments), options),
            // What follows a broken page cannot be told from it.
            Err(error) if items.is_empty() => return Err(error.to_string()),
            Err(error) => {
                let what = format!("the file cannot be read further: {error}");
                items.push(Item { number, outcome: Err(Refused::Syntax(what)) });
                break;
            }
        };
        items.push(Item { number, outcome });
    }
    Ok(items)
}

fn moment(kind: &LogicalType) -> Option<Moment> {
    let LogicalType::Timestamp(time) = kind else { return None };
    let is_nanos = matches!(time.unit, TimeUnit::NANOS);
    Some(Moment { is_utc: time.is_adjusted_to_u_t_c, is_nanos })
}

fn values(row: &Row, moments: &HashMap<String, Moment>) -> Map<String, Value> {
    let columns = row.get_column_iter();
    let named = columns.map(|(name, field)| {
        let moment = moments.get(name).copied();
        (
            name.clone(),
            moment.and_then(|moment| time(field, moment)).unwrap_or_else(|| value(field)),
        )
    });
    named.collect()
}

/// A time as text, with its zone where it has one.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are no times")]
fn time(field: &Field, moment: Moment) -> Option<Value> {
    let at = match field {
        Field::TimestampMillis(millis) => Timestamp::from_millisecond(*millis).ok()?,
        Field::TimestampMicros(micros) => Timestamp::from_microsecond(*micros).ok()?,
        Field::Long(nanos) if moment.is_nanos => {
            Timestamp::from_nanosecond(i128::from(*nanos)).ok()?
        }
        _ => return None,
    };
    // The clock of UTC, or the one on which it counts.
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    let shown = at.strftime("%Y-%m-%d %H:%M:%S");
    Some(Value::String(if moment.is_utc { format!("{shown}Z") } else { shown.to_string() }))
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(is_so) => (*is_so).into(),
        Field::Byte(number) => (*number).into(),
        Field::Short(number) => (*number).into(),
        Field::Int(number) => (*number).into(),
        Field::Long(number) => (*number).into(),
        Field::UByte(number) => (*number).into(),
        Field::UShort(number) => (*number).into(),
        Field::UInt(number) => (*number).into(),
        Field::ULong(number) => (*number).into(),
        Field::Float16(number) => f32::from(*number).into(),
        Field::Float(number) => (*number).into(),
        Field::Double(number) => (*number).into(),
        Field::Str(text) => text.as_str().into(),
        // Some writers leave out that a column is text.
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).map_or(Value::Null, Value::from),
        // As a file of another kind would have it: in UTC where nothing else is said.
        Field::TimestampMillis(_) | Field::TimestampMicros(_) => {
            time(field, Moment { is_utc: true, is_nanos: false }).unwrap_or(Value::Null)
        }
        Field::Date(days) => {
            let second = i64::from(*days).saturating_mul(86_400);
            let day = Timestamp::from_second(second).ok();
            day.map_or(Value::Null, |day| day.strftime("%Y-%m-%d").to_string().into())
        }
        Field::Group(row) => {
            let fields = row.get_column_iter();
            Value::Object(fields.map(|(name, field)| (name.clone(), value(field))).collect())
        }
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter();
            let named = entries
                .filter_map(|(name, field)| Some((value(name).as_str()?.to_owned(), value(field))));
            Value::Object(named.collect())
        }
        other @ (Field::Decimal(_) | Field::TimeMillis(_) | Field::TimeMicros(_)) => {
            other.to_string().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::parquet::basic::Compression;
    use ::parquet::basic::ZstdLevel;
    use ::parquet::data_type::ByteArray;
    use ::parquet::data_type::ByteArrayType;
    use ::parquet::data_type::Int64Type;
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;

    use super::read;
    use crate::Options;
    use crate::Refused;

    /// A file with two articles, the second without a text, at 08:30 of China and of UTC.
    fn file(compression: Compression) -> Vec<u8> {
        let schema = "message news { optional binary 标题 (UTF8); optional binary 正文; \
            required int64 publish_time (TIMESTAMP(MICROS,false)); required int64 seen (TIMESTAMP(MICROS,true)); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for texts in [["渠道清淤", "水库放水"].as_slice(), &["渠道今日开工。"]] {
            let mut column = group.next_column().unwrap().unwrap();
            let values: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(*text)).collect();
            let levels: Vec<i16> = (0..2).map(|row| i16::from(row < texts.len())).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
            column.close().unwrap();
        }
        for _ in 0..2 {
            let mut column = group.next_column().unwrap().unwrap();
            let half_past_eight = 1_741_941_000_000_000;
            let values = [half_past_eight; 2];
            column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn columns_become_records_and_a_time_without_a_zone_is_chinas() {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd] {
            let items = read(file(compression), &Options::default()).unwrap();
            let first = &items[0].outcome.as_ref().unwrap().record;
            assert_eq!(
                (first.title.as_str(), first.body()),
                ("渠道清淤", "渠道今日开工。".to_owned())
            );
            assert_eq!(first.published_at.unwrap().to_string(), "2025-03-14T08:30:00");
            assert!(matches!(items[1].outcome, Err(Refused::Missing { body: true, .. })));
            assert_eq!((items.len(), items[1].number), (2, 2));
        }
    }

    #[test]
    fn what_is_damaged_is_refused_with_a_way_out() {
        let failed = read(b"PAR1\0\0PAR1".to_vec(), &Options::default()).unwrap_err();
        assert!(failed.to_string().contains("duckdb"), "{failed}");
    }

    proptest! {
        #[test]
        fn no_damage_breaks_the_reader(at in 0_usize..2_000, to: u8) {
            let mut bytes = file(Compression::SNAPPY);
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = read(bytes, &Options::default());
        }
    }
}
