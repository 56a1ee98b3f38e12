package protocol

// Identity is what an outside plugin says of the code behind one definition, so that runs are never taken for those of
// other code. Without a digest the host goes by the bytes of the executable.
type Identity struct {
	// Digest names all code that the definition runs, such as a hash of its source files: it changes whenever the
	// definition may compute other bits, and only then. At most 128 printable characters; empty: none.
	Digest string
	// Environment names what else decides about its bits, by key: interpreter, libraries and their versions, device.
	Environment map[string]string
}
