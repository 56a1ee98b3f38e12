package catalogue

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Discoverable returns the absolute paths of the executables in the usual places, without launching
// any: all that are in the folders of $NOISEBENCH_PLUGIN_PATH, in .noisebench/plugins of the
// working directory, and in noisebench/plugins of the user's data folder; then those on $PATH whose
// names begin with noisebench-.
func Discoverable() []string {
	folders := filepath.SplitList(os.Getenv("NOISEBENCH_PLUGIN_PATH"))
	folders = append(folders, filepath.Join(".noisebench", "plugins"))
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		folders = append(folders, filepath.Join(data, "noisebench", "plugins"))
	} else if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".local", "share", "noisebench", "plugins"))
	}
	var paths []string
	look := func(folder, pattern string) {
		files, _ := filepath.Glob(filepath.Join(folder, pattern)) // the patterns are well formed
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
				continue
			}
			absolute, err := filepath.Abs(f)
			if err == nil && !slices.Contains(paths, absolute) {
				paths = append(paths, absolute)
			}
		}
	}
	for _, folder := range folders {
		look(folder, "*")
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		look(folder, "noisebench-*")
	}
	return paths
}

// pluginPath returns the path of a plugin that may be given by the name of its executable in the
// usual places, with or without noisebench- before it.
func pluginPath(name string) string {
	if !strings.ContainsRune(name, filepath.Separator) {
		for _, path := range Discoverable() {
			if base := filepath.Base(path); base == name || base == "noisebench-"+name {
				return path
			}
		}
	}
	return name
}
