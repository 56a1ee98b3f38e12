// Package signature verifies who signed a bundle. Signatures are those of ssh-keygen -Y sign, by
// the keys that people have for their code hosts anyway, or of minisign; nothing here makes or
// keeps keys.
//
//	ssh-keygen -Y sign -n noisebench -f ~/.ssh/id_ed25519 qhm.noisebench.tar.zst
//	minisign -S -m qhm.noisebench.tar.zst
//
// write qhm.noisebench.tar.zst.sig and qhm.noisebench.tar.zst.minisig beside the bundle. Whose key
// it is comes from a list that whoever verifies has made, see [ReadSigners]: what lies beside a
// bundle is the word of who sent it.
package signature

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"noisebench/results"
)

// Namespace keeps signatures of bundles apart from those of other things by the same key.
const Namespace = "noisebench"

// Extensions of signatures, after the name of the bundle.
const (
	Extension         = ".sig"
	MinisignExtension = ".minisig"
)

// maxFile bounds what is read of a signature or a list, in bytes.
const maxFile = 1 << 20

// Signer is who signed a bundle.
type Signer struct {
	Name string `json:"name,omitempty"` // in the list of signers; empty: the key is not in there
	Key  string `json:"key"`            // SHA256:…, as ssh-keygen -l prints it, or minisign and the key's number
	// Unverified is set where the signature could not be verified, since it does not have its key
	// and nobody listed it.
	Unverified bool `json:"unverified,omitempty"`
}

// String says who signed.
func (s Signer) String() string {
	switch {
	case s.Unverified:
		return "with a signature by " + s.Key + ", which is not in the list of signers, so that " +
			"nothing is known of it"
	case s.Name == "":
		return "signed by an unknown key, " + s.Key
	}
	return "signed by " + s.Name + " (" + s.Key + ")"
}

// Signers are the keys whose owners are known. nil is an empty list.
type Signers []known

// known is one key: of SSH or of minisign.
type known struct {
	name     string
	ssh      string // fingerprint
	minisign *minisign.PublicKey
}

// ReadSigners reads a list of signers, one a line: in the format of ssh-keygen(1), ALLOWED SIGNERS,
// of whose options namespaces alone is supported, or NAME minisign KEY.
func ReadSigners(file string) (Signers, error) {
	text, err := results.ReadRegular(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the list of signers: %w", err)
	}
	return parseSigners(filepath.Base(file), string(text))
}

func parseSigners(file, text string) (all Signers, err error) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, allowed, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w; want NAME KEYTYPE KEY, as in alice@example.org ssh-ed25519 AAAA…, or "+
				"alice@example.org minisign RW…", file, i+1, err)
		}
		if allowed {
			all = append(all, one)
		}
	}
	return all, nil
}

// parseSigner reads a line of a list. allowed tells that the key may sign bundles.
func parseSigner(line string) (one known, allowed bool, err error) {
	name, rest, ok := strings.Cut(line, " ")
	if !ok {
		return one, false, errors.New("there is only a name")
	}
	one.name, rest = strings.Trim(name, `"`), strings.TrimSpace(rest)
	if key, is := strings.CutPrefix(rest, "minisign "); is {
		one.minisign, err = parseMinisign(strings.TrimSpace(key))
		return one, err == nil, err
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return one, false, err
	}
	one.ssh = ssh.FingerprintSHA256(key)
	allowed, err = allows(options)
	return one, allowed, err
}

// Of verifies the signature beside a bundle and returns its signer; nil: the bundle is not signed.
// A signature that is not valid for the bundle's bytes is an error, and so are two.
func Of(bundle string, signers Signers) (*Signer, error) {
	var found *Signer
	for _, extension := range []string{Extension, MinisignExtension} {
		name := filepath.Base(bundle) + extension
		text, err := results.ReadRegular(bundle+extension, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read its signature: %w", err)
		}
		if found != nil {
			return nil, fmt.Errorf("there are %s and %s, want one signature",
				filepath.Base(bundle)+Extension, name)
		}
		f, err := results.OpenRegular(bundle)
		if err != nil {
			return nil, err
		}
		verify := signers.signed
		if extension == MinisignExtension {
			verify = signers.minisigned
		}
		found, err = verify(name, text, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// signed verifies a signature of ssh-keygen for what bundle reads. name is that of the signature's
// file.
func (s Signers) signed(name string, text []byte, bundle io.Reader) (*Signer, error) {
	sig, err := sshsig.Unarmor(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a signature by ssh-keygen -Y sign: %w", name, err)
	}
	if sig.Namespace != Namespace {
		return nil, fmt.Errorf("%s is a signature for %q, want %q; sign by: ssh-keygen -Y sign -n %s",
			name, sig.Namespace, Namespace, Namespace)
	}
	if err := sshsig.Verify(bundle, sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return nil, fmt.Errorf("%s is not valid for this bundle: %w", name, err)
	}
	signer := &Signer{Key: ssh.FingerprintSHA256(sig.PublicKey)}
	for _, one := range s {
		if one.ssh == signer.Key {
			signer.Name = one.name
			break
		}
	}
	return signer, nil
}

// allows reports whether a key with these options may sign bundles. Unknown options are refused,
// since all of them restrict.
func allows(options []string) (bool, error) {
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		if !strings.EqualFold(key, "namespaces") {
			return false, fmt.Errorf("option %s is not supported, want only namespaces", key)
		}
		found := false
		for pattern := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			ok, err := path.Match(pattern, Namespace)
			if err != nil {
				return false, fmt.Errorf("pattern %s: %w", pattern, err)
			}
			found = found || ok
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}
