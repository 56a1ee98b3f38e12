package catalogue

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"noisebench/plugins"
)

// identity returns a digest of the code that an executable runs, and for how long it is assumed to
// be valid; 0: always. For a binary the digest is its SHA-256. A script runs other files, too: its
// identity includes the files beside it and the variables that locate others.
func (l *Lister) identity(path string) (digest string, maxAge time.Duration, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, errors.New(path + " is not a regular file")
	}
	if isScript(path) {
		digest, err = scriptDigest(path)
		return digest, trustScript, err
	}
	state, changed := fileState(path)
	if state != "" && l.digests.read(state, 0, &digest) {
		return digest, 0, nil
	}
	if digest, err = plugins.SumFile(path); err != nil {
		return "", 0, err
	}
	// The clock of file systems is coarse: a file that has just changed may change once more
	// without a new time.
	again, _ := fileState(path)
	if state != "" && again == state && time.Since(changed) > 2*time.Second {
		l.digests.write(state, digest)
	}
	return digest, 0, nil
}

// scriptDigest is the SHA-256 of a script, of the names, sizes and times of the files in its
// folder, and of the variables by which interpreters find others.
func scriptDigest(path string) (string, error) {
	const most = 2000 // files: more say nothing about the script
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	sum := sha256.New()
	script, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer script.Close()
	if _, err := io.Copy(sum, script); err != nil {
		return "", err
	}
	for _, name := range []string{"PATH", "PYTHONPATH", "VIRTUAL_ENV"} {
		fmt.Fprintf(sum, "\n%s=%s", name, os.Getenv(name))
	}
	files := 0
	err = filepath.WalkDir(filepath.Dir(path), func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is not imported
		case e.IsDir() && file != filepath.Dir(path) && strings.HasPrefix(e.Name(), "."),
			e.IsDir() && e.Name() == "__pycache__":
			return filepath.SkipDir
		case files == most:
			return filepath.SkipAll
		}
		files++
		if info, err := e.Info(); err == nil && !e.IsDir() {
			fmt.Fprintf(sum, "\n%q %d %d", file, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return fmt.Sprintf("script-%x", sum.Sum(nil)), err
}
