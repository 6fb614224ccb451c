//! The contract's messages as JSON, in the form that the command line prints.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use axum::response::Response;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_reflect::DynamicMessage;
use prost_reflect::SerializeOptions;
use tonic::codegen::http::header;

use crate::failure::Failure;
use wenmai_proto::DESCRIPTORS;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap_or_default());

/// `message`, of that name in the contract, as JSON: fields under their own names, as proto3 has it.
///
/// # Errors
/// [`Failure::Page`] if the contract has no such message.
pub(crate) fn text(name: &str, message: &impl Message) -> Result<String, Failure> {
    let kind = POOL.get_message_by_name(&format!("wenmai.v1.{name}")).ok_or(Failure::Page)?;
    let value = DynamicMessage::decode(kind, message.encode_to_vec().as_slice());
    let value = value.map_err(|_| Failure::Page)?;
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    value.serialize_with_options(&mut serializer, &options).map_err(|_| Failure::Page)?;
    String::from_utf8(text).map_err(|_| Failure::Page)
}

/// `message` as an answer.
///
/// # Errors
/// As [`text`].
pub(crate) fn answer(name: &str, message: &impl Message) -> Result<Response, Failure> {
    Ok(of(text(name, message)?))
}

/// JSON as an answer.
pub(crate) fn of(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text + "\n").into_response()
}
