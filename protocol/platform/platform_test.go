package platform

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	name := Name()
	if !strings.HasPrefix(name, runtime.GOOS+"/"+runtime.GOARCH) {
		t.Errorf("the platform is %q, want it to begin with %s/%s", name, runtime.GOOS, runtime.GOARCH)
	}
	if runtime.GOARCH == "amd64" && !regexp.MustCompile(`^[a-z]+/amd64/v[1-4]$`).MatchString(name) {
		t.Errorf("the platform is %q, want a CPU level from v1 to v4 at its end", name)
	}
}
