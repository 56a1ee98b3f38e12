//go:build !unix

package wire

// Janitor is a small process that cleans up after the host; this system has none.
type Janitor struct{}

// NewJanitor returns nil, which is a janitor that does nothing.
func NewJanitor(string) (*Janitor, error) { return nil, nil }

// Add does nothing.
func (*Janitor) Add(int) {}

// Remove does nothing.
func (*Janitor) Remove(int) {}

// Close does nothing.
func (*Janitor) Close() error { return nil }

// Dismiss does nothing.
func (j *Janitor) Dismiss() {}
