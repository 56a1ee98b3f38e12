//go:build unix

package claim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What no claimant can have written in the place of a claim does not hold a run back.
func TestOddClaims(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"endless": func(path string) error { return os.Symlink("/dev/zero", path) },
		"nowhere": func(path string) error { return os.Symlink("nowhere", path) },
		"folder":  func(path string) error { return os.MkdirAll(filepath.Join(path, "within"), 0o777) },
		"huge":    func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o666), os.Truncate(path, 1<<40)) },
	} {
		dir := t.TempDir()
		id := strings.Repeat("a", 64)
		if err := os.MkdirAll(filepath.Join(dir, "claims"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := put(filepath.Join(dir, "claims", id)); err != nil {
			t.Fatal(err)
		}
		c := New(dir, Config{})
		_, release, ok, err := c.Take(context.Background(), id)
		if err != nil || !ok {
			t.Errorf("%s: taken %t, %v", name, ok, err)
			continue
		}
		release()
		c.Close()
	}
}
