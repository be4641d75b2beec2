#!/bin/bash
# Turns a set of fresh namespaces into a machine, and becomes its process supervisor.
#
#   boot.sh             on the host: joins the machine's control groups, makes its cgroup namespace, goes on with
#   boot.sh namespaces  joins the network namespace, makes all the others, goes on with
#   boot.sh inside      as process 1: builds the root file system, enters it, becomes runsvdir
#
# $MACHINE is its folder, $NAME its host name, $NETNS its network namespace, $GROUP its control group, $CGROUPS where
# control groups are mounted, $HIERARCHIES those of cgroup v1 as "folder=options" (empty: cgroup v2), $BINARIES
# "name=folder" to be seen below /opt/roadworthy, $EXTRA "folder=where" to be seen elsewhere.
set -eu
roots() { if [ -z "$HIERARCHIES" ]; then echo "$CGROUPS"; else for each in $HIERARCHIES; do echo "$CGROUPS/${each%%=*}"; done; fi; }

case "${1:-}" in
"")
    for root in $(roots); do echo $$ >"$root/$GROUP/cgroup.procs"; done
    exec unshare --cgroup "$0" namespaces
    ;;
namespaces)
    # Out of the group that is the namespace's root: under cgroup v2 only leaves may hold processes.
    for root in $(roots); do echo $$ >"$root/$GROUP/system/cgroup.procs"; done
    if [ -z "$HIERARCHIES" ]; then
        for each in $(cat "$CGROUPS/$GROUP/cgroup.controllers"); do echo "+$each" >"$CGROUPS/$GROUP/cgroup.subtree_control"; done
    fi
    exec nsenter --net="/run/netns/$NETNS" unshare --uts --ipc --pid --mount --fork "$0" inside
    ;;
esac

root=$MACHINE/root
mount --make-rprivate /
mkdir -p "$MACHINE"/{etc,etc.work,usr,usr.work,services} "$root"
mount --bind "$root" "$root"
cd "$root"
mkdir -p dev etc home media mnt opt/roadworthy opt/local-path-provisioner proc root run srv sys tmp usr \
    var/cache var/lib/kubelet var/lib/containerd var/lib/cni var/log/pods var/log/containers var/log/roadworthy \
    var/spool var/tmp
chmod 1777 tmp var/tmp
chmod 0700 root
ln -sfn /run var/run
ln -sfn /run/lock var/lock
links=()
for link in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$link" ]; then links+=("/$link"); fi
done
if [ ${#links[@]} -gt 0 ]; then cp -d --remove-destination "${links[@]}" .; fi

# Programs and settings are the host's; what this machine changes in them is its own.
mount -t overlay -o "lowerdir=/usr,upperdir=$MACHINE/usr,workdir=$MACHINE/usr.work" overlay usr
mount -t overlay -o "lowerdir=/etc,upperdir=$MACHINE/etc,workdir=$MACHINE/etc.work" overlay etc
mount -t tmpfs -o mode=0755 tmpfs run
# Debian has a symbolic link here; a mount would follow it to the host.
if [ -L etc/service ]; then rm etc/service; fi
mkdir -p run/lock run/sshd run/netns etc/service etc/rancher etc/cni/net.d
mount --bind "$MACHINE/services" etc/service
for each in $BINARIES; do
    mkdir -p "opt/roadworthy/${each%%=*}"
    mount --bind -o ro "${each#*=}" "opt/roadworthy/${each%%=*}"
done
for each in $EXTRA; do
    mkdir -p "./${each#*=}"
    mount --bind "${each%%=*}" "./${each#*=}"
done

mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind -o ro "$MACHINE/boot_id" proc/sys/kernel/random/boot_id
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
if [ -z "$HIERARCHIES" ]; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
else
    mount -t tmpfs -o nosuid,nodev,noexec,mode=0755 tmpfs sys/fs/cgroup
    folders=()
    for each in $HIERARCHIES; do folders+=("sys/fs/cgroup/${each%%=*}"); done
    mkdir "${folders[@]}"
    for each in $HIERARCHIES; do
        mount -t cgroup -o "nosuid,nodev,noexec,${each#*=}" cgroup "sys/fs/cgroup/${each%%=*}"
    done
fi
mount --bind /dev dev
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm

hostname "$NAME"
# A machine forwards its pods' packets, and its bridge shows them to kube-proxy's rules; there is no IPv6.
echo 1 >proc/sys/net/ipv4/ip_forward
echo 1 >proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true
echo 1 >proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true

mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
mount --make-rshared /
: >/etc/service/.booted
# A session of its own, no terminal, nothing of the caller's environment.
exec env -i PATH=/opt/roadworthy/kubernetes:/opt/roadworthy/containerd:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 /usr/bin/runsvdir -P /etc/service
