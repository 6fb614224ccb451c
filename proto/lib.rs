//! The contract of the service as Rust: what `build.rs` makes from `proto/wenmai/v1`.

/// Messages, servers and clients of package `wenmai.v1`.
#[allow(clippy::all, clippy::pedantic, reason = "generated")]
#[allow(missing_docs, rustdoc::all, reason = "generated")]
pub mod wire {
    tonic::include_proto!("wenmai.v1");
}

/// The contract as a `google.protobuf.FileDescriptorSet`, comments included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wenmai.v1.binpb"));
