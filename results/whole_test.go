package results

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	if err := WriteWhole(path, text("first")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("second")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no more")
	if err := WriteWhole(path, func(w io.Writer) error { return errors.Join(text("thi")(w), broken) }); !errors.Is(err, broken) {
		t.Errorf("error %v, want the writer's", err)
	}
	if got, err := os.ReadFile(path); string(got) != "second" || err != nil {
		t.Errorf("the file says %q, error %v, want what was last written as a whole", got, err)
	}
	if files, err := os.ReadDir(dir); len(files) != 1 || err != nil {
		t.Errorf("%d files are there, error %v, want one", len(files), err)
	}
	absent := filepath.Join(dir, "none", "a.txt")
	if err := WriteWhole(absent, text("")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), absent+":") {
		t.Errorf("in a folder that is not there the error is %v", err)
	}
}
