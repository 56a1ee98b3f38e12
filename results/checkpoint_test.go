package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckpoints(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	id, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	if data, err := s.LoadCheckpoint(id); data != nil || err != nil {
		t.Errorf("got %q, %v; want nothing", data, err)
	}
	for _, text := range []string{"first", "second"} {
		if err := s.SaveCheckpoint(id, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := s.LoadCheckpoint(id); string(data) != text || err != nil {
			t.Errorf("got %q, %v; want %q", data, err, text)
		}
	}
	if ids, err := s.Checkpoints(); len(ids) != 1 || ids[0] != id || err != nil {
		t.Errorf("checkpoints are %v, %v; want that of %s", ids, err, id)
	}
	for _, id := range []string{id, id, other} { // once more, and one that never was
		if err := s.RemoveCheckpoint(id); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "checkpoints")); !os.IsNotExist(err) {
		t.Errorf("the folder of checkpoints is left behind: %v", err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "tmp")); len(files) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", files, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "checkpoints", id), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadCheckpoint(id); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("error %v, want that it is not a file", err)
	}
	if err := s.SaveCheckpoint(id, []byte("new")); err != nil {
		t.Errorf("a folder is in the way: %v", err)
	}
	if data, err := s.LoadCheckpoint(id); string(data) != "new" || err != nil {
		t.Errorf("got %q, %v; want what was saved last", data, err)
	}
}
