package results

import "fmt"

// maxRecord bounds the size of a record's file, in bytes. The trace of a run of ten thousand steps
// has a few.
const maxRecord = 64 << 20

const notAFile = "not a file; it does not belong here"

// sane returns an error about what is no record, by its type or size: to read it might never end.
func sane(path string, regular bool, size int64) error {
	switch {
	case !regular:
		return &SyntaxError{File: path, Msg: notAFile}
	case size > maxRecord:
		return &SyntaxError{
			File: path, Msg: fmt.Sprintf("it has %d bytes, want at most %d", size, maxRecord),
		}
	}
	return nil
}
