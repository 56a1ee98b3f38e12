package results

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Version is a digest that changes whenever records come or go. It is computed from the names of
// the files, since a record never changes; failures, which are replaced, count with their times.
func (s *Store) Version() (string, error) {
	sum := sha256.New()
	for _, part := range []string{"runs", "failed", "imported"} {
		err := filepath.WalkDir(filepath.Join(s.dir, part),
			func(path string, e fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrNotExist) {
					return nil // removed meanwhile, or not there yet
				}
				if err != nil || e.IsDir() {
					return err
				}
				fmt.Fprintln(sum, path)
				if part == "failed" {
					if info, err := e.Info(); err == nil {
						fmt.Fprintln(sum, info.ModTime().UnixNano())
					}
				}
				return nil
			})
		if err != nil {
			return "", fmt.Errorf("cannot read results folder: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
