//go:build amd64 || arm64

package wire

// pause lets the processor rest for a moment, n times, as it should between two looks at memory that another one is to
// write: it saves energy, and leaves the core to its other hardware thread.
//
//go:noescape
func pause(n int)
