package signature

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// place is a folder with a key and a bundle that it signed, both by ssh-keygen itself.
type place struct {
	t           *testing.T
	dir, bundle string
	public      string // type and key
}

func newPlace(t *testing.T, kind, namespace string) *place {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen: install OpenSSH, on Debian by apt-get install openssh-client")
	}
	p := &place{t: t, dir: t.TempDir()}
	p.bundle = p.write("b.noisebench.tar.zst", "contents")
	key := filepath.Join(p.dir, "key")
	p.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
	p.run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key, p.bundle)
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	p.public = strings.Join(strings.Fields(string(text))[:2], " ")
	return p
}

func (p *place) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *place) run(name string, args ...string) {
	p.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func TestSigner(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		p := newPlace(t, kind, Namespace)
		for _, c := range []struct{ signers, name, err string }{
			{"", "", ""},
			{"alice@example.org KEY\n", "alice@example.org", ""},
			{"# people\n\nbob ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJr5rRQ6ZPmDJfMgRLzxkHvTgVJXS4u6ciAmGvRQyFxt b\nalice KEY comment", "alice", ""},
			{`alice namespaces="file,noise*" KEY`, "alice", ""},
			{`alice namespaces="git" KEY`, "", ""},
			{`alice namespaces="[" KEY`, "", "line 1: pattern ["},
			{`alice cert-authority KEY`, "", "option cert-authority is not supported"},
			{"alice", "", "line 1: there is only a name"},
			{"\nalice nonsense", "", "line 2"},
		} {
			if c.signers == "" {
				_ = os.Remove(filepath.Join(p.dir, SignersFile))
			} else {
				p.write(SignersFile, strings.ReplaceAll(c.signers, "KEY", p.public))
			}
			s, err := Of(p.bundle)
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q: error %v, want %q", c.signers, err, c.err)
				}
			case err != nil || s == nil || s.Name != c.name || !strings.HasPrefix(s.Key, "SHA256:"):
				t.Errorf("%s, %q: signed by %v, %v; want %q", kind, c.signers, s, err, c.name)
			}
		}
	}
}

func TestNotSigned(t *testing.T) {
	p := newPlace(t, "ed25519", Namespace)
	if err := os.Remove(p.bundle + Extension); err != nil {
		t.Fatal(err)
	}
	if s, err := Of(p.bundle); s != nil || err != nil {
		t.Errorf("got %v, %v; want nobody", s, err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*place)
		want   string
	}{
		"another bundle": {func(p *place) { p.write("b.noisebench.tar.zst", "Contents") }, "is not valid for this bundle"},
		"text":           {func(p *place) { p.write("b.noisebench.tar.zst.sig", "hello") }, "is not a signature"},
		"long": {func(p *place) {
			p.write("b.noisebench.tar.zst.sig", strings.Repeat("x", maxFile+1))
		}, "has more than 1048576 bytes"},
		"another's signature": {func(p *place) {
			other := newPlace(p.t, "ed25519", Namespace)
			text, err := os.ReadFile(filepath.Join(other.dir, "b.noisebench.tar.zst.sig"))
			if err != nil {
				p.t.Fatal(err)
			}
			// The other key has signed the same bytes: valid, but by another.
			p.write("b.noisebench.tar.zst.sig", string(text))
			p.write(SignersFile, "alice "+p.public)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "ed25519", Namespace)
			c.change(p)
			s, err := Of(p.bundle)
			if c.want == "" {
				if err != nil || s.Name != "" || !strings.HasPrefix(s.String(), "an unknown key, SHA256:") {
					t.Errorf("signed by %v, %v; want an unknown key", s, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	p := newPlace(t, "ed25519", "git")
	if _, err := Of(p.bundle); err == nil || !strings.Contains(err.Error(), `is a signature for "git", want "noisebench"`) {
		t.Errorf("error %v, want that it is for something else", err)
	}
}
