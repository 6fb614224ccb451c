//! kernels
#![allow(unsafe_code)]
#![allow(dead_code)]
pub(in crate::embed) mod aligned;
pub(in crate::embed) mod attention;
pub(in crate::embed) mod level;
pub(in crate::embed) mod math;
pub(in crate::embed) mod normalize;
mod portable;
pub(in crate::embed) mod product;
pub(in crate::embed) mod quantized;
mod simd;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;
