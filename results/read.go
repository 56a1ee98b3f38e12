package results

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

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

// OpenRegular opens a regular file for reading. Anything else, such as a pipe, at which opening
// might never end, or a device, at which reading might not, is an error.
func OpenRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if info, e := os.Stat(path); e == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is not a regular file", path) // a socket cannot be opened at all
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadRegular reads a regular file of at most most bytes. Pipes, folders and larger files are
// errors.
func ReadRegular(path string, most int64) ([]byte, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Size() > most {
		return nil, errors.Join(fmt.Errorf("%s has more than %d bytes", path, most), f.Close())
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most) // it grew
	}
	return text, errors.Join(err, f.Close())
}
