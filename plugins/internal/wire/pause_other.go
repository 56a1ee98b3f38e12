//go:build !amd64 && !arm64

package wire

// pause would let the processor rest for a moment; here it only takes one.
func pause(int) {}
