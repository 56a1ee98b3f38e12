//go:build unix

package planfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
)

// A pipe into which nobody writes is an empty plan, and other oddities are errors.
func TestOddFiles(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"endless": func(path string) error { return os.Symlink("/dev/zero", path) },
		"nowhere": func(path string) error { return os.Symlink("nowhere", path) },
		"folder":  func(path string) error { return os.Mkdir(path, 0o777) },
	} {
		path := filepath.Join(t.TempDir(), "p.yaml")
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		text, _, err := Plans{fstest.MapFS{}}.Text(path)
		if err == nil {
			_, err = Parse(path, text)
		}
		if err == nil {
			t.Errorf("%s is a plan", name)
		}
	}
}
