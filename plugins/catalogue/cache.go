package catalogue

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"noisebench/results"
)

// cache is a folder of small files in the user's cache folder, shared by any number of processes.
// Only speed depends on it: an error is treated like an empty cache.
type cache struct {
	folder string // empty: there is none
	keep   int    // the number of files that stay, the latest
}

// maxCached bounds the size of a file of the cache, in bytes.
const maxCached = 64 << 20

func newCache(name string, keep int) cache {
	folder, err := os.UserCacheDir()
	if err != nil {
		return cache{}
	}
	return cache{filepath.Join(folder, "noisebench", name), keep}
}

// read decodes a file, and reports whether it exists, is undamaged, and is not older than maxAge,
// unless that is 0.
func (c cache) read(name string, maxAge time.Duration, into any) bool {
	if c.folder == "" {
		return false
	}
	path := filepath.Join(c.folder, name+".json")
	if maxAge > 0 {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) > maxAge {
			return false
		}
	}
	text, err := results.ReadRegular(path, maxCached)
	return err == nil && json.Unmarshal(text, into) == nil
}

// write writes a file, removes the oldest of more than keep, and reports whether it was written.
func (c cache) write(name string, value any) bool {
	if c.folder == "" || os.MkdirAll(c.folder, 0o755) != nil {
		return false
	}
	text, err := json.Marshal(value)
	if err != nil || results.WriteFile(filepath.Join(c.folder, name+".json"), text) != nil {
		return false
	}
	c.removeOld()
	return true
}

func (c cache) removeOld() {
	entries, _ := os.ReadDir(c.folder)
	written := func(e os.DirEntry) int64 {
		info, err := e.Info()
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(written(b), written(a)) })
	for _, e := range entries[min(c.keep, len(entries)):] {
		_ = os.Remove(filepath.Join(c.folder, e.Name()))
	}
}
