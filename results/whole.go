package results

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteWhole writes a file that is made from records: it appears at path, on the disk, when it is whole, and replaces the one
// that was there. After an error nothing has changed. Records themselves are saved by [Store.Commit], which never replaces.
func WriteWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			e.Path = path // not the temporary name: nobody asked for that
		}
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
