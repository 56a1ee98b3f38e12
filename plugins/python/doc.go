// Package python holds the Python package noisebench (folder noisebench), by which optimizers and
// problems that are written in Python are served, and tests of it through the same transports as
// any plugin. README.md in this folder is its manual.
//
// The Python package reads the wire contract from a description that protoc makes: no generated
// Python code, which is tied to versions of protobuf.
package python

//go:generate protoc -I ../../protocol --descriptor_set_out=noisebench/contract.binpb noisebench/v1/noisebench.proto
