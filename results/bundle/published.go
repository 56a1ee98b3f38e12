package bundle

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/protocol"
)

// Find returns the path of a bundle: name itself if it is a file, else that of the published bundle
// of this name, see [Published].
func Find(name string) (path string, err error) {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return name, nil
	}
	if strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, Extension) {
		return "", fmt.Errorf("there is no bundle %s; check the path", name)
	}
	known := Published()
	if path, ok := known[name]; ok {
		return path, nil
	}
	return "", fmt.Errorf("%w; published bundles are looked for in results/published of a clone and "+
		"in published/ of $NOISEBENCH_DATA and of the user's cache folder, where \"bench data fetch "+
		"published\" puts them", protocol.Unknown("bundle", name, slices.Sorted(maps.Keys(known))))
}

// Published returns the paths of published bundles, by name: those in results/published of the
// working directory and the folders above it, and in published of $NOISEBENCH_DATA and of
// noisebench/ in the user's cache folder. The first folder that has a name counts.
func Published() map[string]string {
	paths := map[string]string{}
	for _, folder := range publishedFolders() {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*"+Extension))
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), Extension)
			if paths[name] == "" {
				paths[name] = file
			}
		}
	}
	return paths
}

func publishedFolders() (folders []string) {
	if dir, err := os.Getwd(); err == nil {
		for {
			folders = append(folders, filepath.Join(dir, "results", "published"))
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	if data := os.Getenv("NOISEBENCH_DATA"); data != "" {
		folders = append(folders, filepath.Join(data, "published"))
	}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "noisebench", "published"))
	}
	return folders
}
