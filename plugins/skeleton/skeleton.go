// Package skeleton writes folders with plugins to start from: an optimizer or a problem that works,
// a test of it, a plan that uses it, and a README.
package skeleton

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"noisebench/protocol"
)

// templates has a folder for each kind and language. In names of files, NAME and SNAKE stand for
// the plugin's name; .tmpl keeps Go files from being built here.
//
//go:embed templates
var templates embed.FS

// The kinds of plugins, and the languages that they are written in.
var (
	Kinds     = []string{"optimizer", "problem"}
	Languages = []string{"python", "go"}
)

// Skeleton says what to write.
type Skeleton struct {
	Kind string // one of Kinds
	Lang string // one of Languages
	Name string // of the plugin and its definition: lower case, words joined by hyphens
	// Source is the folder of noisebench's source, which the go.mod of a plugin in Go refers to.
	// Empty: the working directory, or the nearest folder above it that is one.
	Source string
}

// validName is a name that can be one of a definition and, with underscores, one of a Python
// module.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Check returns an error if the skeleton is not one that can be written.
func (s Skeleton) Check() error {
	switch {
	case !slices.Contains(Kinds, s.Kind):
		return protocol.Unknown("kind", s.Kind, Kinds)
	case !slices.Contains(Languages, s.Lang):
		return protocol.Unknown("language", s.Lang, Languages)
	case !validName.MatchString(s.Name):
		return fmt.Errorf("the name is %q, want lower case, words joined by hyphens, such as my-adam",
			s.Name)
	}
	return nil
}

// Write writes the folder dir, which must not exist.
func (s Skeleton) Write(dir string) error {
	if err := s.Check(); err != nil {
		return err
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; remove it, or name another folder by --out", dir)
	}
	files, err := s.files()
	if err != nil {
		return err
	}
	if s.Lang == "go" {
		if files["go.mod"], files["go.sum"], err = s.module(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := fs.FileMode(0o666)
		if strings.HasPrefix(files[name], "#!") {
			mode = 0o777
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(files[name]), mode); err != nil {
			return fmt.Errorf("cannot write a file of the plugin: %w", err)
		}
	}
	return nil
}

// files returns the files by their names, without those of a module in Go.
func (s Skeleton) files() (map[string]string, error) {
	// What templates know: the plugin's name, as it is, with underscores, and as one word with
	// capitals.
	names := struct{ Name, Snake, Camel string }{
		s.Name, strings.ReplaceAll(s.Name, "-", "_"), camel(s.Name),
	}
	folder := path.Join("templates", s.Kind+"-"+s.Lang)
	entries, err := templates.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := templates.ReadFile(path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		t, err := template.New(e.Name()).Parse(string(text))
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		if err := t.Execute(&b, names); err != nil {
			return nil, err
		}
		name := strings.NewReplacer("NAME", names.Name, "SNAKE", names.Snake).
			Replace(strings.TrimSuffix(e.Name(), ".tmpl"))
		files[name] = b.String()
	}
	return files, nil
}

// camel writes my-adam as MyAdam.
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
