package skeleton_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"noisebench/plugins/skeleton"
)

// Each skeleton is written in full: names are replaced in files and their names, Go files parse,
// and scripts can be executed. TestNew of cmd/bench builds and runs them.
func TestWrite(t *testing.T) {
	source := filepath.Join("..", "..")
	for _, kind := range skeleton.Kinds {
		for _, lang := range skeleton.Languages {
			dir := filepath.Join(t.TempDir(), "out")
			s := skeleton.Skeleton{Kind: kind, Lang: lang, Name: "my-thing", Source: source}
			if err := s.Write(dir); err != nil {
				t.Fatal(err)
			}
			want := []string{"README.md", "main.go", "main_test.go", "plan.yaml", "go.mod", "go.sum"}
			if lang == "python" {
				want = []string{"README.md", "my_thing.py", "test_my_thing.py", "plan.yaml", "noisebench-my-thing"}
			}
			for _, name := range want {
				path := filepath.Join(dir, name)
				text, err := os.ReadFile(path)
				if err != nil {
					t.Errorf("%s in %s: %v", kind, lang, err)
					continue
				}
				if strings.Contains(string(text), "{{") {
					t.Errorf("%s in %s: %s has a template's text left:\n%s", kind, lang, name, text)
				}
				if strings.HasSuffix(name, ".go") {
					if _, err := parser.ParseFile(token.NewFileSet(), path, text, 0); err != nil {
						t.Errorf("%s in %s: %v", kind, lang, err)
					}
				}
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if script := strings.HasPrefix(string(text), "#!"); script != (info.Mode()&0o100 != 0) {
					t.Errorf("%s in %s: %s has mode %v", kind, lang, name, info.Mode())
				}
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(want) {
				t.Errorf("%s in %s: %d files (%v), want %d", kind, lang, len(entries), err, len(want))
			}
			if err := s.Write(dir); err == nil || !strings.Contains(err.Error(), "is there already") {
				t.Errorf("an existing folder gives %v", err)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ kind, lang, name, want string }{
		{"optimiser", "go", "x", "optimizer"},
		{"optimizer", "rust", "x", "language"},
		{"problem", "go", "My", "lower case"},
		{"problem", "go", "a--b", "lower case"},
		{"problem", "go", "", "lower case"},
	} {
		s := skeleton.Skeleton{Kind: c.kind, Lang: c.lang, Name: c.name}
		if err := s.Write(filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v gives error %v, want one with %q", s, err, c.want)
		}
	}
	t.Chdir(t.TempDir())
	s := skeleton.Skeleton{Kind: "problem", Lang: "go", Name: "x"}
	if err := s.Write("x"); err == nil || !strings.Contains(err.Error(), "--source") {
		t.Errorf("without the source, the error is %v", err)
	}
}

func ExampleSkeleton_Write() {
	dir, err := os.MkdirTemp("", "skeleton")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "my-adam")
	if err := (skeleton.Skeleton{Kind: "optimizer", Lang: "python", Name: "my-adam"}).Write(dir); err != nil {
		panic(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		fmt.Println(e.Name())
	}
	// Output:
	// README.md
	// my_adam.py
	// noisebench-my-adam
	// plan.yaml
	// test_my_adam.py
}
