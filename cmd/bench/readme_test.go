package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README shows a whole optimizer and a whole problem. They are what the example module holds, and what the
// conformance suite accepts. Its commands are run by .ci/run.
func TestReadmeCode(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds modules")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllSubmatch(readme, -1)
	if len(blocks) != 2 {
		t.Fatalf("the README has %d blocks of Go code, want the optimizer and the problem", len(blocks))
	}
	qhm, err := os.ReadFile(filepath.Join(root, "examples/qhm/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if string(blocks[0][1]) != string(qhm) {
		t.Error("the README's optimizer is not examples/qhm/main.go; copy the file into the README")
	}

	// The problem, in a module of its own as an author would have it.
	module := filepath.Join(t.TempDir(), "bowl")
	gomod, err := os.ReadFile(filepath.Join(root, "examples/qhm/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	gosum, err := os.ReadFile(filepath.Join(root, "examples/qhm/go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": string(blocks[1][1]),
		"go.mod":  strings.NewReplacer("example.org/qhm", "example.org/bowl", "=> ../..", "=> "+root).Replace(string(gomod)),
		"go.sum":  string(gosum),
	} {
		if err := os.MkdirAll(module, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bowl, bench := filepath.Join(module, "bowl"), filepath.Join(module, "bench")
	for _, build := range []struct{ dir, out, pkg string }{{module, bowl, "."}, {root, bench, "./cmd/bench"}} {
		cmd := exec.Command("go", "build", "-o", build.out, build.pkg)
		cmd.Dir = build.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", build.pkg, err, out)
		}
	}
	if out, err := exec.Command(bench, "check", bowl).CombinedOutput(); err != nil {
		t.Errorf("bench check of the README's problem: %v\n%s", err, out)
	}
}
