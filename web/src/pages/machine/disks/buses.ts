// How a guest can reach a disk.
export const buses = ['auto', 'virtio', 'scsi', 'sata', 'ide', 'nvme', 'usb'];
