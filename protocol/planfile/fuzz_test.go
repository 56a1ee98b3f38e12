package planfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Reading any file ends quickly, with a plan that can be written and read back unchanged, or with a
// short error of one line.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../cmd/bench/plans/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("there are no plans to start from: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var short []string // comments say nothing to a parser
		for line := range strings.Lines(string(text)) {
			if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
				short = append(short, strings.TrimRight(line, " \n"))
			}
		}
		f.Add([]byte(strings.Join(short, "\n")))
	}
	for _, text := range []string{
		"", "[", "name: [", "? a : b", "name: |\n  x", "name: >-\n  x\n", "--- a\n--- b\n", "%YAML 1.2\n---\nname: x\n", "name: !!str 3\n",
		"x-a: &a {beta1: 0.9}\nname: p\noptimizers: [{optimizer: o, set: {<<: [*a, *a], epsilon: 010}}]\n",
		"schedule: {warmup: 5e-2, decay: constant}\ntrace: -1\none_shot: false\n", "\ufeffname: \"\\u0041\"\nfirst_seed: 0x10\n", "a: *a", "&a a: &b b",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<12 {
			return
		}
		started := time.Now()
		plan, err := Parse("p.yaml", text)
		if d := time.Since(started); d > time.Minute {
			t.Fatalf("reading %d bytes took %v", len(text), d)
		}
		if err != nil {
			if s := err.Error(); len(s) > 1000 || strings.Contains(s, "\n") || !utf8.ValidString(s) || !strings.HasPrefix(s, "p.yaml") {
				t.Fatalf("error of %d bytes: %q", len(s), s)
			}
			return
		}
		full := plan.WithDefaults()
		if full.Check() != nil {
			return
		}
		written, err := Marshal(&full) // which reads it again
		if err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
	})
}
