//go:build !unix

package results

import (
	"bytes"
	"os"
)

// readInto reads a regular file.
func readInto(b *bytes.Buffer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b.Reset()
	_, err = b.ReadFrom(f)
	return err
}
