package plugins

import (
	"slices"
	"strings"
)

// inherited are the variables that plugins get from this process: those for paths, the locale and
// the numbers of threads.
func inherited(environ []string) []string {
	names := []string{
		"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMP", "TEMP", "TZ", "LANG",
		"SYSTEMROOT", "LOCALAPPDATA",
		"GOCOVERDIR", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GOPATH",
		"GOMODCACHE",
		"LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHASHSEED", "VIRTUAL_ENV",
		"CUBLAS_WORKSPACE_CONFIG", "TORCH_HOME", "HF_HOME",
	}
	prefixes := []string{"LC_", "XDG_", "NOISEBENCH_", "CUDA_", "NVIDIA_", "SLURM_", "JAX_", "XLA_"}
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		hasPrefix := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		return !slices.Contains(names, name) && !slices.ContainsFunc(prefixes, hasPrefix) &&
			!strings.HasSuffix(name, "_NUM_THREADS")
	})
}
