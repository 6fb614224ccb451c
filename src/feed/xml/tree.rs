//! The elements of an XML file as a tree, forgiving as readers of feeds have to be: unknown entities,
//! lone ampersands and wrong ends are taken as they can be meant.

use quick_xml::Reader;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

use crate::Failed;
use crate::markup;

/// Elements inside each other, at most; deeper ones are passed over, with a text that stays.
const DEPTH_MAX: usize = 64;

/// An element with what stands in it.
#[derive(Debug, Clone, Default)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// Its name with the prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name without the prefix.
    pub fn local(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or_default()
    }

    /// The prefix of its name; empty where there is none.
    pub fn prefix(&self) -> &str {
        self.name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// Its attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(one, _)| *one == name).map(|(_, value)| value)
    }

    /// The elements in it.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements in it of that local name.
    pub fn children(&self, local: &'static str) -> impl Iterator<Item = &Element> {
        self.elements().filter(move |child| child.local() == local)
    }

    /// The first element in it of that local name; one without a prefix before one with it, which is
    /// another vocabulary's.
    pub fn child(&self, local: &'static str) -> Option<&Element> {
        self.children(local)
            .find(|child| child.prefix().is_empty())
            .or_else(|| self.children(local).next())
    }

    /// The element at a path of local names.
    pub fn at(&self, path: &[&'static str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// It and all elements below of that local name, in order.
    pub fn all(&self, local: &str) -> Vec<&Element> {
        let own = (self.local() == local).then_some(self);
        own.into_iter().chain(self.elements().flat_map(|child| child.all(local))).collect()
    }

    /// What stands in it: its text, which may be HTML; where elements stand in it, all of it as HTML.
    pub fn content(&self) -> String {
        let mut out = String::new();
        let is_markup = self.elements().next().is_some();
        for node in &self.nodes {
            match node {
                Node::Text(text) if !is_markup => out.push_str(text),
                Node::Text(_) | Node::Element(_) => node.write(&mut out),
            }
        }
        out
    }
}

impl Node {
    fn write(&self, out: &mut String) {
        match self {
            Node::Text(text) => out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;")),
            Node::Element(element) => {
                let local = element.local();
                out.extend(["<", local, ">"]);
                element.nodes.iter().for_each(|node| node.write(out));
                out.extend(["</", local, ">"]);
            }
        }
    }
}

/// The root element of `text`, and what is wrong where it breaks off.
pub fn parse(text: &str) -> Result<(Element, Option<String>), Failed> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut open = vec![Element::default()];
    let mut too_deep = 0_usize;
    let broken = loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if open.len() >= DEPTH_MAX {
                    too_deep += 1;
                } else {
                    open.push(element(&start));
                }
            }
            Ok(Event::Empty(start)) => append(&mut open, Node::Element(element(&start))),
            Ok(Event::End(_)) if too_deep > 0 => too_deep -= 1,
            Ok(Event::End(end)) => close(&mut open, end.name().as_ref()),
            Ok(Event::Text(text)) => append_text(&mut open, &text.into_inner()),
            Ok(Event::CData(text)) => append_text(&mut open, &text.into_inner()),
            Ok(Event::GeneralRef(name)) => {
                append_text(&mut open, &markup::entities(&format!("&{};", name.into_inner())));
            }
            Ok(Event::Eof) => {
                break (open.len() > 1).then(|| "it ends inside an element".to_owned());
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(error) => break Some(format!("at byte {}: {error}", reader.error_position())),
        }
    };
    while open.len() > 1 {
        pop(&mut open);
    }
    let root = open.pop().and_then(|all| all.elements().next().cloned());
    root.map(|root| (root, broken.clone())).ok_or_else(|| {
        Failed::Syntax("XML", broken.unwrap_or_else(|| "it holds no element".to_owned()))
    })
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = start.html_attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let value: &str = &attribute.value;
        (attribute.key.as_ref().to_owned(), markup::entities(value))
    });
    Element {
        name: start.name().as_ref().to_owned(),
        attributes: attributes.collect(),
        nodes: Vec::new(),
    }
}

/// Closes the innermost open element called `name` and all inside it; an end of nothing is passed
/// over.
fn close(open: &mut Vec<Element>, name: &str) {
    let found = open.iter().skip(1).rposition(|element| element.name == name);
    if let Some(at) = found {
        while open.len() > at + 1 {
            pop(open);
        }
    }
}

fn pop(open: &mut Vec<Element>) {
    if let Some(element) = open.pop() {
        append(open, Node::Element(element));
    }
}

fn append(open: &mut [Element], node: Node) {
    if let Some(element) = open.last_mut() {
        element.nodes.push(node);
    }
}

fn append_text(open: &mut [Element], text: &str) {
    let Some(Element { nodes, .. }) = open.last_mut() else { return };
    if let Some(Node::Text(last)) = nodes.last_mut() {
        last.push_str(text);
    } else {
        nodes.push(Node::Text(text.to_owned()));
    }
}
