package results

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostile lists difficult names that plans or foreign records may contain.
var hostile = []string{
	"", ".", "..", "../evil", "/", "/etc/passwd", `\`, `..\evil`, "a/b", "a_b", "a b", "a-b", "a--b", "a---b", "-rf", "a-", "--", "-",
	".hidden", "x.", "x", "x.y", "x..y", "a\nb", "a\x00b", "a\tb", "sgd", "SGD", "Sgd", "größe", "gro\u0308ße", "学习", "\xff", "=", "=2F", "%2F",
	"con", "CON", "nul.txt", "com1", "lpt9.a.b", "c:", "a:b", "a*b", "a?b", `a"b`, "a|b", "<a>", "~", "$HOME", "`ls`",
	strings.Repeat("a", 300), strings.Repeat("a", 301), strings.Repeat("/", 300), strings.Repeat("a", 179), strings.Repeat("a", 180),
	strings.Repeat("é", 5000),
}

// For all names, the files named after them lie in their folder, and no two are the same, even on
// file systems that ignore case.
func TestFileNames(t *testing.T) {
	dir := t.TempDir()
	seen := map[string][]string{}
	check := func(parts ...string) {
		name := FileName(parts...)
		if other, ok := seen[strings.ToLower(name)]; ok && !slices.Equal(other, parts) {
			t.Errorf("%.50q and %.50q have the same file, %s", other, parts, name)
		}
		seen[strings.ToLower(name)] = parts
		path := filepath.Join(dir, name+".noisebench.tar.zst")
		if filepath.Dir(path) != dir || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") {
			t.Errorf("%.50q has the file %s", parts, path)
		}
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=") != "" || len(name) > 200 {
			t.Errorf("%.50q has the file %s", parts, name)
		}
		if base, _, _ := strings.Cut(strings.ToLower(name), "."); slices.Contains(reserved, base) {
			t.Errorf("%.50q has the file %s, a device of Windows", parts, name)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Errorf("%.50q: %v", parts, err)
		}
	}
	for _, a := range hostile {
		check(a)
		for _, b := range hostile {
			check(a, b)
		}
		check("p", a, "loss")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(seen) {
		t.Errorf("there are %d files, %v; want %d", len(files), err, len(seen))
	}
	for name, want := range map[string]string{
		"noisy-quadratic": "noisy-quadratic", "my_plan.2": "my_plan.2", "a/b": "a=2Fb", "..": "=2E=2E", "": "=", "nul": "=6Eul",
	} {
		if got := FileName(name); got != want {
			t.Errorf("FileName(%q) is %q, want %q", name, got, want)
		}
	}
	if got := FileName("quick", "digits-softmax", "loss"); got != "quick--digits-softmax--loss" {
		t.Errorf("the file of a figure is %s", got)
	}
}
