//! A sheet written in each format, for fixtures and for tests of bad input.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::print::em;
use crate::print::ems;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// A line cut into pieces of `count` characters with their boxes.
fn pieces(line: &Line, count: usize) -> Vec<(String, Rect)> {
    let chars: Vec<char> = line.text.chars().collect();
    let whole = ems(&line.text).max(0.5);
    let mut at = 0.0;
    let mut all = Vec::new();
    for chunk in chars.chunks(count.max(1)) {
        let text: String = chunk.iter().collect();
        let (from, to) = (at / whole, (at + ems(&text)) / whole);
        at += ems(&text);
        let Rect { left, top, right, bottom } = line.rect;
        let rect = if line.vertical {
            let step = bottom - top;
            Rect { top: top + from * step, bottom: top + to * step, ..line.rect }
        } else {
            let step = right - left;
            Rect { left: left + from * step, right: left + to * step, ..line.rect }
        };
        if !text.trim().is_empty() {
            all.push((text, rect));
        }
    }
    all
}

/// ALTO 4.
pub fn alto(sheet: &Sheet) -> String {
    let place = |rect: &Rect| {
        format!(
            "HPOS=\"{:.1}\" VPOS=\"{:.1}\" WIDTH=\"{:.1}\" HEIGHT=\"{:.1}\"",
            rect.left,
            rect.top,
            rect.width(),
            rect.height()
        )
    };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\">\n\
         <Description><MeasurementUnit>pixel</MeasurementUnit></Description>\n<Layout>\
         <Page ID=\"P1\" WIDTH=\"{:.0}\" HEIGHT=\"{:.0}\"><PrintSpace>\n",
        sheet.width, sheet.height
    );
    for rect in &sheet.pictures {
        let _ = writeln!(xml, "<Illustration {}/>", place(rect));
    }
    for rect in sheet.rules.iter().chain(&sheet.frames) {
        let _ = writeln!(xml, "<GraphicalElement {}/>", place(rect));
    }
    for line in &sheet.lines {
        let _ = write!(xml, "<TextBlock><TextLine {}>", place(&line.rect));
        for (text, rect) in pieces(line, 6) {
            let _ =
                write!(xml, "<String CONTENT=\"{}\" {} WC=\"0.9\"/>", escaped(&text), place(&rect));
        }
        xml.push_str("</TextLine></TextBlock>\n");
    }
    xml.push_str("</PrintSpace></Page></Layout></alto>\n");
    xml
}

/// hOCR.
pub fn hocr(sheet: &Sheet) -> String {
    let place = |rect: &Rect| {
        let edges = [rect.left, rect.top, rect.right, rect.bottom];
        format!("bbox {}", edges.map(|edge| format!("{edge:.0}")).join(" "))
    };
    let mut html = format!(
        "<!DOCTYPE html>\n<html><head><meta name='ocr-system' content='test'></head><body>\n\
         <div class='ocr_page' title='bbox 0 0 {:.0} {:.0}'>\n",
        sheet.width, sheet.height
    );
    for rect in &sheet.pictures {
        let _ = writeln!(html, "<div class='ocr_photo' title='{}'></div>", place(rect));
    }
    for rect in &sheet.rules {
        let _ = writeln!(html, "<div class='ocr_separator' title='{}'></div>", place(rect));
    }
    for line in &sheet.lines {
        let _ = write!(html, "<span class='ocr_line' title='{}'>", place(&line.rect));
        for (text, rect) in pieces(line, 2) {
            let _ = write!(
                html,
                "<span class='ocrx_word' title='{}; x_wconf 91'>{}</span>",
                place(&rect),
                escaped(&text)
            );
        }
        html.push_str("</span>\n");
    }
    html.push_str("</div></body></html>\n");
    html
}

/// PAGE XML.
pub fn page_xml(sheet: &Sheet) -> String {
    let points = |rect: &Rect| {
        let Rect { left, top, right, bottom } = rect;
        format!(
            "<Coords points=\"{left:.0},{top:.0} {right:.0},{top:.0} {right:.0},{bottom:.0} \
             {left:.0},{bottom:.0}\"/>"
        )
    };
    let mut xml = format!(
        "<?xml version=\"1.0\"?>\n<PcGts xmlns=\"http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15\">\n\
         <Page imageFilename=\"p1.png\" imageWidth=\"{:.0}\" imageHeight=\"{:.0}\">\n",
        sheet.width, sheet.height
    );
    for rect in &sheet.pictures {
        let _ = writeln!(xml, "<ImageRegion>{}</ImageRegion>", points(rect));
    }
    for rect in &sheet.rules {
        let _ = writeln!(xml, "<SeparatorRegion>{}</SeparatorRegion>", points(rect));
    }
    for line in &sheet.lines {
        let coords = points(&line.rect);
        let _ = writeln!(
            xml,
            "<TextRegion>{coords}<TextLine>{coords}<TextEquiv conf=\"0.9\"><Unicode>{}</Unicode>\
             </TextEquiv></TextLine></TextRegion>",
            escaped(&line.text)
        );
    }
    xml.push_str("</Page></PcGts>\n");
    xml
}

/// What `pdftotext -bbox-layout` writes.
pub fn bbox(sheet: &Sheet) -> String {
    let place = |rect: &Rect| {
        format!(
            "xMin=\"{:.3}\" yMin=\"{:.3}\" xMax=\"{:.3}\" yMax=\"{:.3}\"",
            rect.left, rect.top, rect.right, rect.bottom
        )
    };
    let mut html = format!(
        "<!DOCTYPE html>\n<html><head></head><body><doc>\n<page width=\"{:.2}\" height=\"{:.2}\">\n<flow>\n",
        sheet.width, sheet.height
    );
    for line in &sheet.lines {
        let parts = if line.vertical { pieces(line, 1) } else { pieces(line, 40) };
        for (text, rect) in parts {
            let at = place(&rect);
            let _ = writeln!(
                html,
                "<block {at}><line {at}><word {at}>{}</word></line></block>",
                escaped(&text)
            );
        }
    }
    html.push_str("</flow></page></doc></body></html>\n");
    html
}

fn polygon(rect: &Rect) -> Value {
    let Rect { left, top, right, bottom } = rect;
    json!([[left, top], [right, top], [right, bottom], [left, bottom]])
}

/// The lists of `PaddleOCR`.
pub fn paddle(sheet: &Sheet) -> String {
    let lines = sheet.lines.iter();
    let lines: Vec<Value> =
        lines.map(|line| json!([polygon(&line.rect), [line.text, 0.97]])).collect();
    json!([lines]).to_string()
}

/// Results of PP-OCRv5.
pub fn structure(sheet: &Sheet) -> String {
    let texts: Vec<&str> = sheet.lines.iter().map(|line| line.text.as_str()).collect();
    let boxes: Vec<Value> = sheet.lines.iter().map(|line| polygon(&line.rect)).collect();
    let scores: Vec<f32> = sheet.lines.iter().map(|_| 0.95).collect();
    json!({
        "width": sheet.width, "height": sheet.height,
        "overall_ocr_res": {"rec_texts": texts, "rec_polys": boxes, "rec_scores": scores},
    })
    .to_string()
}

/// The middle form of `MinerU`.
pub fn mineru(sheet: &Sheet) -> String {
    let edges = |rect: &Rect| json!([rect.left, rect.top, rect.right, rect.bottom]);
    let mut blocks: Vec<Value> = sheet
        .lines
        .iter()
        .map(|line| {
            let span = json!({"bbox": edges(&line.rect), "content": line.text, "score": 0.98});
            json!({"type": "text", "bbox": edges(&line.rect),
                "lines": [{"bbox": edges(&line.rect), "spans": [span]}]})
        })
        .collect();
    blocks.extend(sheet.pictures.iter().map(|rect| {
        json!({"type": "image", "bbox": edges(rect),
            "blocks": [{"type": "image_body", "bbox": edges(rect)}]})
    }));
    json!({"pdf_info": [{"page_idx": 0, "page_size": [sheet.width, sheet.height],
        "preproc_blocks": blocks, "discarded_blocks": []}]})
    .to_string()
}

/// The fonts of a PDF that is written here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fonts {
    /// With a map to characters.
    Mapped,
    /// Without one.
    Mute,
}

/// A PDF of one sheet a page, its lines as text, its rules and pictures drawn.
pub fn pdf(sheets: &[&Sheet], fonts: Fonts) -> Vec<u8> {
    let mut codes: BTreeMap<char, u16> = BTreeMap::new();
    let mut objects: Vec<Vec<u8>> = vec![Vec::new(); 2];
    let mut pages = Vec::new();
    let font = 3;
    objects.push(Vec::new());
    for sheet in sheets {
        let content = content(sheet, &mut codes);
        objects.push(stream("", content.as_bytes()));
        let body = objects.len();
        objects.push(
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {:.1} {:.1}]/Contents {body} 0 R\
                 /Resources<</Font<</F1 {font} 0 R>>/XObject<</Im {} 0 R>>>>>>",
                sheet.width,
                sheet.height,
                font + 3 * sheets.len() + 1 - sheets.len()
            )
            .into_bytes(),
        );
        pages.push(objects.len());
    }
    let image = objects.len() + 1;
    objects.push(stream(
        "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray",
        &[128],
    ));
    debug_assert_eq!(image, font + 2 * sheets.len() + 1);
    let kids: Vec<String> = pages.iter().map(|page| format!("{page} 0 R")).collect();
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>".to_vec();
    objects[1] = format!("<</Type/Pages/Count {}/Kids[{}]>>", pages.len(), kids.join(" ")).into();
    let narrow: Vec<String> = codes
        .iter()
        .filter(|(c, _)| em(**c) < 1.0)
        .map(|(_, code)| format!("{code} [500]"))
        .collect();
    objects.push(
        format!(
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Song/CIDSystemInfo<</Registry(Adobe)\
             /Ordering(Identity)/Supplement 0>>/DW 1000/W[{}]>>",
            narrow.join(" ")
        )
        .into_bytes(),
    );
    let descendant = objects.len();
    let mut map = String::from("1 begincodespacerange <0000> <ffff> endcodespacerange\n");
    for (c, code) in &codes {
        let mut units = [0; 2];
        let hex: String =
            c.encode_utf16(&mut units).iter().map(|unit| format!("{unit:04x}")).collect();
        let _ = writeln!(map, "1 beginbfchar <{code:04x}> <{hex}> endbfchar");
    }
    objects.push(stream("", map.as_bytes()));
    let unicode = if fonts == Fonts::Mapped {
        format!("/ToUnicode {} 0 R", objects.len())
    } else {
        String::new()
    };
    objects[font - 1] = format!(
        "<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H\
         /DescendantFonts[{descendant} 0 R]{unicode}>>"
    )
    .into_bytes();
    file(&objects, "")
}

/// The operators of a page.
fn content(sheet: &Sheet, codes: &mut BTreeMap<char, u16>) -> String {
    let mut ops = String::new();
    let down = |y: f32| sheet.height - y;
    for rect in &sheet.pictures {
        let _ = writeln!(
            ops,
            "q {:.2} 0 0 {:.2} {:.2} {:.2} cm /Im Do Q",
            rect.width(),
            rect.height(),
            rect.left,
            down(rect.bottom)
        );
    }
    for rect in sheet.rules.iter().chain(&sheet.frames) {
        let _ = writeln!(
            ops,
            "{:.2} {:.2} {:.2} {:.2} re S",
            rect.left,
            down(rect.bottom),
            rect.width(),
            rect.height()
        );
    }
    let mut hex = |text: &str| -> String {
        text.chars()
            .map(|c| {
                let next = u16::try_from(codes.len() + 1).unwrap();
                format!("{:04x}", *codes.entry(c).or_insert(next))
            })
            .collect()
    };
    for line in &sheet.lines {
        let high = if line.vertical { line.rect.width() } else { line.rect.height() };
        let size = high / 1.08;
        let parts =
            if line.vertical { pieces(line, 1) } else { vec![(line.text.clone(), line.rect)] };
        for (text, rect) in parts {
            let count = text.chars().count() as f32;
            let spacing =
                if line.vertical { 0.0 } else { (rect.width() - ems(&text) * size) / count };
            let base = down(rect.bottom) + 0.14 * size;
            let _ = writeln!(
                ops,
                "BT /F1 {size:.3} Tf {spacing:.3} Tc 1 0 0 1 {:.2} {base:.2} Tm <{}> Tj ET",
                rect.left,
                hex(&text)
            );
        }
    }
    ops
}

fn stream(more: &str, data: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{more}/Length {}>>\nstream\n", data.len()).into_bytes();
    object.extend(data);
    object.extend(b"\nendstream");
    object
}

/// Objects with their table; `more` goes into the trailer.
pub fn file(objects: &[Vec<u8>], more: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", at + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!(
        "trailer\n<</Size {}/Root 1 0 R{more}>>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    out.extend(trailer.bytes());
    out
}
