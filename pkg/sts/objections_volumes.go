package sts

import (
	"path"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// volumes returns the names of the volumes that containers can mount, and whether each can be a block
// device. A claim template replaces the volume of its name, at which the API server does not look.
func (o *objections) volumes(at *field.Path, volumes []corev1.Volume, claims []corev1.PersistentVolumeClaim) map[string]bool {
	block := map[string]bool{}
	for i := range claims {
		block[claims[i].Name] = true
	}
	names := map[string]bool{}
	for i := range volumes {
		v, at := &volumes[i], at.Index(i)
		if slices.ContainsFunc(claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == v.Name }) {
			continue
		}
		o.volumeName(at.Child("name"), v.Name)
		o.unique(at.Child("name"), v.Name, names)
		o.oneSource(at, &v.VolumeSource)
		o.volumeSource(at, &v.VolumeSource)
		block[v.Name] = v.PersistentVolumeClaim != nil || v.Ephemeral != nil
	}
	return block
}

// oneSource objects to the second source of a volume. One without any is an emptyDir.
func (o *objections) oneSource(at *field.Path, source *corev1.VolumeSource) {
	value, found := reflect.ValueOf(source).Elem(), 0
	for i := range value.NumField() {
		if value.Field(i).IsNil() {
			continue
		}
		if found++; found == 2 {
			name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
			o.forbidden(at.Child(name), msgOneVolumeType())
		}
	}
}

// volumeSource checks the sources that are common.
func (o *objections) volumeSource(at *field.Path, source *corev1.VolumeSource) {
	if s := source.EmptyDir; s != nil && s.SizeLimit != nil && s.SizeLimit.Cmp(resource.Quantity{}) < 0 {
		o.forbidden(at.Child("emptyDir", "sizeLimit"), msgQuantity())
	}
	if s := source.HostPath; s != nil {
		at := at.Child("hostPath")
		if s.Path == "" {
			o.required(at.Child("path"), "")
		}
		o.noBacksteps(at.Child("path"), s.Path)
		pointed(o, at.Child("type"), s.Type, corev1.HostPathUnset, corev1.HostPathDirectoryOrCreate, corev1.HostPathDirectory,
			corev1.HostPathFileOrCreate, corev1.HostPathFile, corev1.HostPathSocket, corev1.HostPathCharDev, corev1.HostPathBlockDev)
	}
	if s := source.Secret; s != nil {
		at := at.Child("secret")
		o.present(at.Child("secretName"), s.SecretName)
		o.mode(at.Child("defaultMode"), s.DefaultMode)
		o.items(at.Child("items"), s.Items)
	}
	if s := source.ConfigMap; s != nil {
		at := at.Child("configMap")
		o.present(at.Child("name"), s.Name)
		o.mode(at.Child("defaultMode"), s.DefaultMode)
		o.items(at.Child("items"), s.Items)
	}
	if s := source.PersistentVolumeClaim; s != nil {
		o.present(at.Child("persistentVolumeClaim", "claimName"), s.ClaimName)
	}
	if s := source.NFS; s != nil {
		at := at.Child("nfs")
		o.present(at.Child("server"), s.Server)
		if s.Path == "" {
			o.required(at.Child("path"), "")
		} else if !path.IsAbs(s.Path) {
			o.invalid(at.Child("path"), s.Path, msgAbsolutePath())
		}
	}
	if s := source.CSI; s != nil {
		if at := at.Child("csi", "driver"); s.Driver == "" {
			o.required(at, "")
		} else {
			o.subdomain(at, strings.ToLower(s.Driver))
		}
	}
	if s := source.Ephemeral; s != nil {
		if at := at.Child("ephemeral", "volumeClaimTemplate"); s.VolumeClaimTemplate == nil {
			o.required(at, "")
		} else {
			o.labels(at.Child("metadata", "labels"), s.VolumeClaimTemplate.Labels)
			o.annotations(at.Child("metadata", "annotations"), s.VolumeClaimTemplate.Annotations)
			o.claimSpec(at.Child("spec"), &s.VolumeClaimTemplate.Spec)
		}
	}
	if s := source.DownwardAPI; s != nil {
		at := at.Child("downwardAPI")
		o.mode(at.Child("defaultMode"), s.DefaultMode)
		for i := range s.Items {
			o.downwardFile(at.Child("items").Index(i), &s.Items[i])
		}
	}
	if s := source.Projected; s != nil {
		o.projected(at.Child("projected"), s)
	}
}

func (o *objections) projected(at *field.Path, projected *corev1.ProjectedVolumeSource) {
	o.mode(at.Child("defaultMode"), projected.DefaultMode)
	paths := map[string]bool{}
	for i := range projected.Sources {
		s, at, count := &projected.Sources[i], at.Child("sources").Index(i), 0
		if s.Secret != nil {
			count++
			o.present(at.Child("secret", "name"), s.Secret.Name)
			o.items(at.Child("secret", "items"), s.Secret.Items)
			for k, item := range s.Secret.Items {
				o.unique(at.Child("secret", "items").Index(k).Child("path"), item.Path, paths)
			}
		}
		if s.ConfigMap != nil {
			count++
			o.present(at.Child("configMap", "name"), s.ConfigMap.Name)
			o.items(at.Child("configMap", "items"), s.ConfigMap.Items)
			for k, item := range s.ConfigMap.Items {
				o.unique(at.Child("configMap", "items").Index(k).Child("path"), item.Path, paths)
			}
		}
		if s.DownwardAPI != nil {
			count++
			for k := range s.DownwardAPI.Items {
				at := at.Child("downwardAPI", "items").Index(k)
				o.downwardFile(at, &s.DownwardAPI.Items[k])
				o.unique(at.Child("path"), s.DownwardAPI.Items[k].Path, paths)
			}
		}
		if token := s.ServiceAccountToken; token != nil {
			count++
			at := at.Child("serviceAccountToken")
			o.present(at.Child("path"), token.Path)
			o.localPath(at.Child("path"), token.Path)
			if token.ExpirationSeconds != nil {
				o.inRange(at.Child("expirationSeconds"), *token.ExpirationSeconds, 10*60, 1<<32)
			}
		}
		if s.ClusterTrustBundle != nil {
			count++
		}
		if s.PodCertificate != nil {
			count++
		}
		if count > 1 {
			o.forbidden(at, msgOneVolumeTypePerSource())
		}
	}
}

func (o *objections) downwardFile(at *field.Path, file *corev1.DownwardAPIVolumeFile) {
	o.present(at.Child("path"), file.Path)
	o.localPath(at.Child("path"), file.Path)
	o.mode(at.Child("mode"), file.Mode)
	switch {
	case file.FieldRef != nil && file.ResourceFieldRef != nil:
		o.forbidden(at, msgMutuallyExclusive("fieldRef", "resourceFieldRef"))
	case file.FieldRef != nil:
		o.fieldRef(at.Child("fieldRef"), file.FieldRef, fileFields)
	case file.ResourceFieldRef != nil:
		at := at.Child("resourceFieldRef")
		o.present(at.Child("containerName"), file.ResourceFieldRef.ContainerName)
		o.resourceFieldRef(at, file.ResourceFieldRef)
	default:
		o.required(at, msgOneRef())
	}
}

func (o *objections) items(at *field.Path, items []corev1.KeyToPath) {
	for i, item := range items {
		at := at.Index(i)
		o.present(at.Child("key"), item.Key)
		o.present(at.Child("path"), item.Path)
		o.localPath(at.Child("path"), item.Path)
		o.mode(at.Child("mode"), item.Mode)
	}
}

// present requires a value, whatever it is.
func (o *objections) present(at *field.Path, value string) {
	if value == "" {
		o.required(at, "")
	}
}

// mode requires the permissions of a file.
func (o *objections) mode(at *field.Path, mode *int32) {
	if mode != nil && (*mode < 0 || *mode > 0o777) {
		o.invalid(at, *mode, msgFileMode())
	}
}

// noBacksteps allows no "..", localPath only what stays below a folder.
func (o *objections) noBacksteps(at *field.Path, value string) {
	if slices.Contains(strings.Split(value, "/"), "..") {
		o.invalid(at, value, msgNoBacksteps())
	}
}

func (o *objections) localPath(at *field.Path, value string) {
	o.relativePath(at, value)
	if first, _, _ := strings.Cut(value, "/"); first != ".." && strings.HasPrefix(first, "..") {
		o.invalid(at, value, msgNoLeadingDots())
	}
}

func (o *objections) relativePath(at *field.Path, value string) {
	if path.IsAbs(value) {
		o.invalid(at, value, msgRelativePath())
	}
	o.noBacksteps(at, value)
}

func (o *objections) mounts(at *field.Path, c *corev1.Container, volumes map[string]bool) {
	paths := map[string]bool{}
	for i := range c.VolumeMounts {
		m, at := &c.VolumeMounts[i], at.Child("volumeMounts").Index(i)
		o.volumeExists(at.Child("name"), m.Name, volumes)
		if m.MountPath == "" {
			o.required(at.Child("mountPath"), "")
		} else if paths[m.MountPath] {
			o.invalid(at.Child("mountPath"), m.MountPath, msgUnique())
		}
		paths[m.MountPath] = true
		o.relativePath(at.Child("subPath"), m.SubPath)
		o.relativePath(at.Child("subPathExpr"), m.SubPathExpr)
		if m.SubPath != "" && m.SubPathExpr != "" {
			o.invalid(at.Child("subPathExpr"), m.SubPathExpr, msgMutuallyExclusive("subPathExpr", "subPath"))
		}
		pointed(o, at.Child("mountPropagation"), m.MountPropagation, corev1.MountPropagationBidirectional, corev1.MountPropagationHostToContainer, corev1.MountPropagationNone)
		if p := m.MountPropagation; p != nil && *p == corev1.MountPropagationBidirectional && !privileged(c) {
			o.forbidden(at.Child("mountPropagation"), msgBidirectionalOnly())
		}
		o.recursiveReadOnly(at.Child("recursiveReadOnly"), m)
	}
	o.devices(at, c, volumes)
}

func (o *objections) recursiveReadOnly(at *field.Path, m *corev1.VolumeMount) {
	pointed(o, at, m.RecursiveReadOnly, corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyIfPossible, corev1.RecursiveReadOnlyEnabled)
	if m.RecursiveReadOnly != nil && *m.RecursiveReadOnly != corev1.RecursiveReadOnlyDisabled && !m.ReadOnly {
		o.forbidden(at, msgReadOnlyFirst())
	}
}

func (o *objections) devices(at *field.Path, c *corev1.Container, volumes map[string]bool) {
	names, paths := map[string]bool{}, map[string]bool{}
	for i, d := range c.VolumeDevices {
		at := at.Child("volumeDevices").Index(i)
		o.volumeExists(at.Child("name"), d.Name, volumes)
		if block, exists := volumes[d.Name]; exists && !block {
			o.invalid(at.Child("name"), d.Name, msgBlockOnly())
		}
		if names[d.Name] {
			o.invalid(at.Child("name"), d.Name, msgUnique())
		}
		names[d.Name] = true
		if d.DevicePath == "" {
			o.required(at.Child("devicePath"), "")
		} else if paths[d.DevicePath] {
			o.invalid(at.Child("devicePath"), d.DevicePath, msgUnique())
		}
		paths[d.DevicePath] = true
		o.noBacksteps(at.Child("devicePath"), d.DevicePath)
		for _, m := range c.VolumeMounts {
			if m.Name == d.Name {
				o.invalid(at.Child("name"), d.Name, msgInVolumeMounts())
			}
			if m.MountPath == d.DevicePath {
				o.invalid(at.Child("devicePath"), d.DevicePath, msgInVolumeMounts())
			}
		}
	}
}

func (o *objections) volumeExists(at *field.Path, name string, volumes map[string]bool) {
	if name == "" {
		o.required(at, "")
	} else if _, exists := volumes[name]; !exists {
		o.notFound(at, name)
	}
}
