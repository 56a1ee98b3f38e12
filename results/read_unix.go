//go:build unix

package results

import (
	"bytes"
	"io"
	"io/fs"
	"syscall"
)

// readInto reads a regular file. It makes half the system calls of os.Open, which also prepares for
// polling; this matters since tables read all records.
func readInto(b *bytes.Buffer, path string) error {
	fail := func(op string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }
	retry := func(call func() (int, error)) (n int, err error) {
		for {
			if n, err = call(); err != syscall.EINTR {
				return n, err
			}
		}
	}
	// Without waiting: to open a pipe might never end.
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NONBLOCK | syscall.O_NOCTTY
	fd, err := retry(func() (int, error) { return syscall.Open(path, flags, 0) })
	switch err {
	case nil:
	case syscall.ENXIO, syscall.ELOOP: // a socket; links in a circle
		return &SyntaxError{File: path, Msg: notAFile}
	default:
		return fail("open", err)
	}
	defer syscall.Close(fd)
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return fail("stat", err)
	}
	if err := sane(path, info.Mode&syscall.S_IFMT == syscall.S_IFREG, info.Size); err != nil {
		return err
	}
	b.Reset()
	_, err = b.ReadFrom(readerFunc(func(p []byte) (int, error) {
		n, err := retry(func() (int, error) { return syscall.Read(fd, p) })
		switch {
		case err != nil:
			return 0, fail("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}))
	return err
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
