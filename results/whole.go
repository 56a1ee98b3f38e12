package results

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteWhole writes a file atomically: the complete file replaces any existing one at path,
// durably. After an error nothing has changed. It serves for files derived from records; records
// themselves are saved by [Store.Commit], which never replaces a file.
func WriteWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			e.Path = path // rather than the temporary name, which users do not know
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

// WriteFile is [WriteWhole] of contents that are complete already.
func WriteFile(path string, contents []byte) error {
	return WriteWhole(path, func(w io.Writer) error {
		_, err := w.Write(contents)
		return err
	})
}
