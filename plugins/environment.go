package plugins

import (
	"slices"
	"strings"
)

// inherited are the variables that plugins get from this process: those that say where things are, in which language,
// and how many threads to use.
func inherited(environ []string) []string {
	names := []string{
		"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMP", "TEMP", "TZ", "LANG", "SYSTEMROOT", "LOCALAPPDATA",
		"GOCOVERDIR", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GOPATH", "GOMODCACHE",
		"LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHASHSEED", "VIRTUAL_ENV", "CUDA_VISIBLE_DEVICES",
	}
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return !slices.Contains(names, name) && !strings.HasPrefix(name, "LC_") && !strings.HasPrefix(name, "XDG_") &&
			!strings.HasPrefix(name, "NOISEBENCH_") && !strings.HasSuffix(name, "_NUM_THREADS")
	})
}
