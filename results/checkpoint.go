package results

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// Checkpoints say where runs stand that are not finished. They are no results: a run that has a
// record needs none, and a folder without them is complete.

func (s *Store) checkpointPath(id string) string { return filepath.Join(s.dir, "checkpoints", id) }

// LoadCheckpoint returns what was last saved of an unfinished run, or nil. What is not a file is an
// error, which does not keep SaveCheckpoint from replacing it.
func (s *Store) LoadCheckpoint(id string) ([]byte, error) {
	// it is as long as the optimizer's state
	data, err := ReadRegular(s.checkpointPath(id), math.MaxInt64-1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the checkpoint of run %.12s: %w", id, err)
	}
	return data, nil
}

// SaveCheckpoint saves where an unfinished run stands: on return it is on the disk and has replaced
// the one before; after an error the one before is still there.
func (s *Store) SaveCheckpoint(id string, data []byte) error {
	s.clean.Do(s.removeFinished)
	if err := s.replace(id, s.checkpointPath(id), data); err != nil {
		return s.explain(id, err)
	}
	return nil
}

// RemoveCheckpoint removes what was saved of a run, if anything was.
func (s *Store) RemoveCheckpoint(id string) error {
	path := s.checkpointPath(id)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the checkpoint of run %.12s: %w", id, err)
	}
	_ = os.Remove(filepath.Dir(path)) // the last one leaves nothing behind
	return nil
}

// Checkpoints returns the IDs of the runs that have checkpoints.
func (s *Store) Checkpoints() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "checkpoints"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, e := range entries {
		if isID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	return ids, err
}
