//! METS: which files of ALTO an issue has, in the order of its pages.

use std::collections::HashMap;

use crate::xml;
use crate::xml::Step;

/// Files that one issue may name.
const FILES_MAX: usize = 1_000;

/// The addresses of the ALTO files that a METS file names, in the order of its physical pages where
/// it gives one, else as listed; `None` where the bytes are no METS.
#[must_use]
pub fn alto_files(bytes: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let head: String = text.chars().take(2_000).collect();
    if !head.contains("mets") || head.contains("<alto") {
        return None;
    }
    // Groups that are open, with whether they hold ALTO; the file that is open, with its type.
    let mut groups: Vec<bool> = Vec::new();
    let mut file: Option<(String, bool)> = None;
    let mut listed: Vec<(String, String)> = Vec::new();
    let mut ordered: Vec<String> = Vec::new();
    let mut in_physical = false;
    let is_alto = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("alto") || text.contains("fulltext")
    };
    xml::walk(&text, |step| match step {
        Step::Open(element) => match element.name.as_str() {
            "fileGrp" => groups.push(is_alto(element.get("USE")) || is_alto(element.get("ID"))),
            "file" => {
                let kind = element.get("MIMETYPE");
                let xml = kind.is_empty() || kind.contains("xml");
                let alto = groups.iter().any(|alto| *alto) && xml || kind.contains("alto");
                file = Some((element.get("ID").to_owned(), alto));
            }
            "FLocat" => {
                if let Some((id, alto)) = &file {
                    let href = element.get("href");
                    if (*alto || is_alto(href)) && !href.is_empty() && listed.len() < FILES_MAX {
                        listed.push((id.clone(), href.to_owned()));
                    }
                }
            }
            "structMap" => in_physical = element.get("TYPE").eq_ignore_ascii_case("physical"),
            "fptr" | "area" if in_physical => ordered.push(element.get("FILEID").to_owned()),
            _ => {}
        },
        Step::Close(element) => match element.name.as_str() {
            "fileGrp" => {
                groups.pop();
            }
            "structMap" => in_physical = false,
            _ => {}
        },
        Step::Text(_) => {}
    });
    let places: HashMap<&str, usize> =
        ordered.iter().enumerate().rev().map(|(at, id)| (id.as_str(), at)).collect();
    listed.sort_by_key(|(id, _)| places.get(id.as_str()).copied().unwrap_or(usize::MAX));
    let plain =
        |href: String| href.trim_start_matches("file://").trim_start_matches("./").to_owned();
    Some(listed.into_iter().map(|(_, href)| plain(href)).collect())
}

#[cfg(test)]
mod tests {
    use super::alto_files;

    #[test]
    fn alto_files_come_in_the_order_of_pages() {
        let mets = "<mets:mets xmlns:mets='m' xmlns:xlink='x'><mets:fileSec>\
            <mets:fileGrp USE='ALTO'><mets:file ID='A2' MIMETYPE='text/xml'>\
            <mets:FLocat xlink:href='file://./alto/0002.xml'/></mets:file>\
            <mets:file ID='A1' MIMETYPE='text/xml'><mets:FLocat xlink:href='alto/0001.xml'/></mets:file>\
            </mets:fileGrp><mets:fileGrp USE='IMG'><mets:file ID='I1' MIMETYPE='image/tiff'>\
            <mets:FLocat xlink:href='1.tif'/></mets:file></mets:fileGrp></mets:fileSec>\
            <mets:structMap TYPE='PHYSICAL'><mets:div><mets:fptr FILEID='I1'/><mets:fptr FILEID='A1'/>\
            </mets:div><mets:div><mets:fptr FILEID='A2'/></mets:div></mets:structMap></mets:mets>";
        assert_eq!(alto_files(mets.as_bytes()).unwrap(), ["alto/0001.xml", "alto/0002.xml"]);
        assert_eq!(alto_files(b"<alto><Layout/></alto>"), None);
    }
}
