package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"noisebench/protocol"
)

// skeletons are what new writes: a folder for each kind and language, whose files are templates. Names of files have NAME and
// SNAKE for the plugin's name; .tmpl keeps Go files from being built here.
//
//go:embed skeleton
var skeletons embed.FS

// pluginName is a name that can be one of a definition and, with underscores, one of a Python module.
var pluginName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func newNew() *cobra.Command {
	var lang, out, source string
	cmd := &cobra.Command{
		Use:   "new optimizer|problem NAME --lang python|go",
		Short: "Write a folder with a plugin to start from",
		Long: `New writes a folder with a plugin that works: the optimizer or problem, which is yours to change, a test of it, a plan that
ranks it or on it, and a README that says what to do. It passes "bench check" as it is (in Go, once it is built).`,
		Example: `  bench new optimizer my-adam --lang python
  bench new problem my-problem --lang go`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef(cmd, "%d arguments, want a kind and a name; usage: %s", len(args), cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{"optimizer", "problem"}, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, name := args[0], args[1]
			switch {
			case kind != "optimizer" && kind != "problem":
				return usagef(cmd, "%w", protocol.Unknown("kind", kind, []string{"optimizer", "problem"}))
			case lang != "python" && lang != "go":
				return usagef(cmd, "--lang is %q, want python or go", lang)
			case !pluginName.MatchString(name):
				return usagef(cmd, "the name is %q, want lower case, words joined by hyphens, such as my-adam", name)
			}
			if out == "" {
				out = name
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there already; remove it, or name another folder by --out", out)
			}
			p := skeleton{Name: name, Snake: strings.ReplaceAll(name, "-", "_"), Camel: camel(name)}
			files, err := p.files(kind, lang)
			if err != nil {
				return err
			}
			if lang == "go" {
				if files["go.mod"], files["go.sum"], err = goModule(name, out, source); err != nil {
					return err
				}
			}
			if err := writeFolder(out, files); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, which works as it is; README.md says what to do with it\n", out, kind, name)
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "python", "`LANGUAGE`: python or go")
	cmd.Flags().StringVar(&out, "out", "", "`DIR` to write (default: the name)")
	cmd.Flags().StringVar(&source, "source", "", "`DIR` of noisebench's source, for go.mod (default: the working directory or one above it)")
	if err := cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"python", "go"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("bench: " + err.Error())
	}
	return cmd
}

// skeleton is what the templates know: the plugin's name, as it is, with underscores, and in capitals.
type skeleton struct{ Name, Snake, Camel string }

// files returns the files of a kind of plugin by their names.
func (s skeleton) files(kind, lang string) (map[string]string, error) {
	folder := path.Join("skeleton", kind+"-"+lang)
	entries, err := skeletons.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := skeletons.ReadFile(path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		t, err := template.New(e.Name()).Parse(string(text))
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		if err := t.Execute(&b, s); err != nil {
			return nil, err
		}
		name := strings.NewReplacer("NAME", s.Name, "SNAKE", s.Snake).Replace(strings.TrimSuffix(e.Name(), ".tmpl"))
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

// goModule returns go.mod and go.sum of a plugin's module in the folder out: those of the example, with the path to
// noisebench's source.
func goModule(name, out, source string) (mod, sum string, err error) {
	if source == "" {
		if source, err = findSource(); err != nil {
			return "", "", err
		}
	}
	read := func(file string) string {
		text, e := os.ReadFile(filepath.Join(source, "examples", "qhm", file))
		err = errors.Join(err, e)
		return string(text)
	}
	mod, sum = read("go.mod"), read("go.sum")
	if err != nil {
		return "", "", fmt.Errorf("%s is not noisebench's source: %w", source, err)
	}
	from, err := filepath.Abs(out)
	if err != nil {
		return "", "", err
	}
	to, err := filepath.Abs(source)
	if err != nil {
		return "", "", err
	}
	relative, err := filepath.Rel(from, to)
	if err != nil {
		relative = to
	}
	relative = filepath.ToSlash(relative)
	if !strings.HasPrefix(relative, ".") && !filepath.IsAbs(relative) {
		relative = "./" + relative
	}
	mod = strings.Replace(mod, "module example.org/qhm", "module example.org/"+name, 1)
	mod = strings.Replace(mod, "replace noisebench => ../..", "replace noisebench => "+relative, 1)
	return mod, sum, nil
}

// findSource looks for noisebench's source in the working directory and above.
func findSource() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module noisebench\n") {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("a plugin in Go needs noisebench's source, which is neither in the working directory nor above it; name its folder by --source")
		}
		dir = filepath.Dir(dir)
	}
}

// writeFolder makes a folder with files. Those that begin with #! can be executed.
func writeFolder(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder: %w", err)
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
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
