package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	clone, data, cache := t.TempDir(), t.TempDir(), t.TempDir()
	for _, path := range []string{
		filepath.Join(clone, "results", "published", "a"), filepath.Join(clone, "sub", "results", "published", "a"),
		filepath.Join(data, "published", "a"), filepath.Join(data, "published", "b"),
		filepath.Join(cache, "noisebench", "published", "c"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+Extension, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("NOISEBENCH_DATA", data)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Chdir(filepath.Join(clone, "sub"))
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(data, "published", "b"+Extension)
	for name, want := range map[string]string{
		"a": filepath.Join(dir, "results", "published", "a"+Extension), // the nearest
		"b": file, "c": filepath.Join(cache, "noisebench", "published", "c"+Extension), file: file,
	} {
		if got, err := Find(name); err != nil || got != want {
			t.Errorf("%s is found at %q (%v), want %q", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"d":             `unknown bundle "d"`,
		"sub/d":         "there is no bundle sub/d",
		"d" + Extension: "there is no bundle d" + Extension,
		data:            "there is no bundle " + data, // a folder
	} {
		if path, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is found at %q (%v), want %q", name, path, err, want)
		}
	}
}
