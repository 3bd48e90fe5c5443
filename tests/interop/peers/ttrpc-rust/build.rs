// SPDX-License-Identifier: Apache-2.0

// The messages of PEER_PROTO/cache.proto.
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let proto = env::var("PEER_PROTO").unwrap();
    fs::write(format!("{}/mod.rs", out), "pub mod cache;").unwrap();
    protobuf_codegen_pure::Codegen::new()
        .out_dir(&out)
        .includes(&[proto.as_str(), "/usr/include"])
        .input(format!("{}/cache.proto", proto))
        .run()
        .expect("cache.proto");
}
