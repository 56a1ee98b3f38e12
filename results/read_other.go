//go:build !unix

package results

import (
	"bytes"
	"os"
)

// readInto reads a regular file.
func readInto(b *bytes.Buffer, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := sane(path, info.Mode().IsRegular(), info.Size()); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b.Reset()
	_, err = b.ReadFrom(f)
	return err
}
