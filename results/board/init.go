package board

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"text/template"
)

// Skeleton is what the files of a new leaderboard's repository depend on.
type Skeleton struct {
	Title    string
	Source   string // git repository of noisebench, from which bench is built
	Revision string // of it, to check out
	Rerun    int    // runs to make again of each proposed bundle
}

//go:embed all:skeleton
var skeleton embed.FS

// Init writes the files of a repository for a public leaderboard to a folder, which must be empty
// or not exist: a folder for bundles, a README for those who propose some, and workflows that check
// each proposal, comment on it, and rebuild the page.
func Init(dir string, s Skeleton) error {
	for _, v := range []struct{ name, value string }{
		{"title", s.Title}, {"source", s.Source}, {"revision", s.Revision},
	} {
		if v.value == "" || strings.ContainsAny(v.value, "\n\r") ||
			v.name != "title" && strings.ContainsAny(v.value, " \t'\"`$\\") {
			return fmt.Errorf("the %s of a board is %q, want one line without blanks or quotes (a title "+
				"may have them)", v.name, v.value)
		}
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty, want a new folder", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	values := struct {
		Skeleton
		Go string
	}{s, strings.TrimPrefix(runtime.Version(), "go")}
	return fs.WalkDir(skeleton, "skeleton", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := skeleton.ReadFile(name)
		if err != nil {
			return err
		}
		t, err := template.New(path.Base(name)).Parse(string(data))
		if err != nil {
			return err
		}
		var contents bytes.Buffer
		if err := t.Execute(&contents, values); err != nil {
			return err
		}
		// Names with a dot are embedded with an underscore: tools for Go leave such files alone.
		to := filepath.Join(dir,
			filepath.FromSlash(strings.ReplaceAll(strings.TrimPrefix(name, "skeleton/"), "_git", ".git")))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		mode := os.FileMode(0o666)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o777
		}
		return os.WriteFile(to, contents.Bytes(), mode)
	})
}
