package skeleton

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// module returns go.mod and go.sum of a plugin's module in the folder dir: those of examples/qhm,
// with the path to noisebench's source.
func (s Skeleton) module(dir string) (mod, sum string, err error) {
	source := s.Source
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
	from, err := filepath.Abs(dir)
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
	mod = strings.Replace(mod, "module example.org/qhm", "module example.org/"+s.Name, 1)
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
			return "", errors.New("a plugin in Go needs noisebench's source, which is neither in the " +
				"working directory nor above it; name its folder by --source")
		}
		dir = filepath.Dir(dir)
	}
}
