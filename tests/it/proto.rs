//! The contract keeps its promises on paper: names, comments, zero values, and no number ever
//! changes.

use prost::Message;
use prost_types::DescriptorProto;
use prost_types::EnumDescriptorProto;
use prost_types::FieldDescriptorProto;
use prost_types::FileDescriptorProto;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Label;

/// Ours, without Google's own files.
fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(wenmai::proto::DESCRIPTORS).unwrap();
    set.file.into_iter().filter(|file| file.name().starts_with("wenmai/")).collect()
}

/// One thing of the contract: its full name, and its path in the file.
struct Thing {
    name: String,
    path: Vec<i32>,
}

fn thing(parent: &str, name: &str, path: &[i32], more: &[i32]) -> Thing {
    Thing { name: format!("{parent}.{name}"), path: [path, more].concat() }
}

fn index(n: usize) -> i32 {
    i32::try_from(n).unwrap()
}

fn of_enum(parent: &str, of: &EnumDescriptorProto, path: &[i32], things: &mut Vec<Thing>) {
    let this = thing(parent, of.name(), path, &[]);
    for (at, value) in of.value.iter().enumerate() {
        things.push(thing(&this.name, value.name(), path, &[2, index(at)]));
    }
    things.push(this);
}

fn of_message(parent: &str, message: &DescriptorProto, path: &[i32], things: &mut Vec<Thing>) {
    if message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry) {
        return;
    }
    let this = thing(parent, message.name(), path, &[]);
    for (at, field) in message.field.iter().enumerate() {
        things.push(thing(&this.name, field.name(), path, &[2, index(at)]));
    }
    for (at, oneof) in message.oneof_decl.iter().enumerate() {
        // `optional` makes a oneof of its own that nobody wrote.
        if !oneof.name().starts_with('_') {
            things.push(thing(&this.name, oneof.name(), path, &[8, index(at)]));
        }
    }
    for (at, nested) in message.nested_type.iter().enumerate() {
        of_message(&this.name, nested, &[path, &[3, index(at)]].concat(), things);
    }
    for (at, nested) in message.enum_type.iter().enumerate() {
        of_enum(&this.name, nested, &[path, &[4, index(at)]].concat(), things);
    }
    things.push(this);
}

/// Every message, field, oneof, enum, value, service and method of `file`.
fn things(file: &FileDescriptorProto) -> Vec<Thing> {
    let mut things = Vec::new();
    for (at, message) in file.message_type.iter().enumerate() {
        of_message(file.package(), message, &[4, index(at)], &mut things);
    }
    for (at, of) in file.enum_type.iter().enumerate() {
        of_enum(file.package(), of, &[5, index(at)], &mut things);
    }
    for (at, service) in file.service.iter().enumerate() {
        let this = thing(file.package(), service.name(), &[6, index(at)], &[]);
        for (method_at, method) in service.method.iter().enumerate() {
            things.push(thing(&this.name, method.name(), &this.path, &[2, index(method_at)]));
        }
        things.push(this);
    }
    things
}

#[test]
fn everything_has_a_comment() {
    let mut bare = Vec::new();
    for file in files() {
        let source = file.source_code_info.clone().unwrap();
        for thing in things(&file) {
            let comment = source.location.iter().find(|location| location.path == thing.path);
            let text =
                comment.map(|location| location.leading_comments().trim()).unwrap_or_default();
            if text.is_empty() || !text.ends_with(['.', ':']) {
                bare.push(thing.name);
            }
        }
    }
    assert!(bare.is_empty(), "without a comment that is a sentence: {bare:#?}");
}

#[test]
fn every_file_is_of_the_package_and_named_after_it() {
    for file in files() {
        assert_eq!(file.package(), "wenmai.v1");
        assert!(file.name().starts_with("wenmai/v1/"), "{}", file.name());
        assert_eq!(file.syntax(), "proto3");
    }
}

#[test]
fn enums_start_at_unspecified_and_values_carry_the_name() {
    for file in files() {
        for of in &file.enum_type {
            let prefix = upper_snake(of.name());
            let first = of.value.first().unwrap();
            assert_eq!(
                (first.name(), first.number()),
                (format!("{prefix}_UNSPECIFIED").as_str(), 0)
            );
            for value in &of.value {
                assert!(value.name().starts_with(&format!("{prefix}_")), "{}", value.name());
            }
        }
    }
}

/// `SearchMode` → `SEARCH_MODE`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}

#[test]
fn every_method_has_a_request_and_a_response_of_its_own() {
    for file in files() {
        for service in &file.service {
            assert!(service.name().ends_with("Service"), "{}", service.name());
            for method in &service.method {
                let name = method.name();
                assert_eq!(method.input_type(), format!(".wenmai.v1.{name}Request"));
                let response = format!(".wenmai.v1.{name}Response");
                let nothing = name.starts_with("Delete").then_some(".google.protobuf.Empty");
                assert_eq!(method.output_type(), nothing.unwrap_or(&response));
            }
        }
    }
}

#[test]
fn fields_are_lower_snake_and_lists_can_be_paged() {
    for file in files() {
        for message in &file.message_type {
            let has = |name: &str| message.field.iter().any(|field| field.name() == name);
            for field in &message.field {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(field.name().chars().all(plain), "{}", field.name());
            }
            assert_eq!(has("page_size"), has("page_token"), "{}", message.name());
            if let Some(method) =
                message.name().strip_suffix("Request").filter(|_| has("page_size"))
            {
                let response = format!("{method}Response");
                let response = file.message_type.iter().find(|m| m.name() == response).unwrap();
                let next = |field: &FieldDescriptorProto| field.name() == "next_page_token";
                assert!(response.field.iter().any(next), "{}", response.name());
            }
        }
    }
}

#[test]
fn no_number_changes() {
    let mut lines = Vec::new();
    for file in files() {
        for message in &file.message_type {
            for field in &message.field {
                lines.push(format!("{}.{} = {}", message.name(), kind(field), field.number()));
            }
        }
        for of in &file.enum_type {
            for value in &of.value {
                lines.push(format!("{}.{} = {}", of.name(), value.name(), value.number()));
            }
        }
        for service in &file.service {
            for method in &service.method {
                let (sends, answers) = (method.client_streaming(), method.server_streaming());
                let stream = |streams| if streams { " stream" } else { "" };
                lines.push(format!(
                    "{}.{}:{} →{}",
                    service.name(),
                    method.name(),
                    stream(sends),
                    stream(answers)
                ));
            }
        }
    }
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
}

/// A field's name and type, such as `names: repeated string`.
fn kind(field: &FieldDescriptorProto) -> String {
    let label = match field.label() {
        Label::Repeated => "repeated ",
        Label::Optional | Label::Required if field.proto3_optional() => "optional ",
        Label::Optional | Label::Required => "",
    };
    let kind = match field.type_name() {
        "" => field.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase(),
        name => name.trim_start_matches(".wenmai.v1.").trim_start_matches('.').to_owned(),
    };
    format!("{}: {label}{kind}", field.name())
}
