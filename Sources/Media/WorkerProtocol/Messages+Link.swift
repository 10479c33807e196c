// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftProtobuf

extension PBListenInfo {
    init(_ value: TransportListenInfo) {
        `protocol` = value.protocol.rawValue
        ip = value.ip
        if let address = value.announcedAddress { announcedAddress = address }
        exposeInternalIp = value.exposeInternalIp
        port = UInt32(value.port)
        minPort = UInt32(value.portRange.min)
        maxPort = UInt32(value.portRange.max)
        ipv6Only = value.flags.ipv6Only
        udpReusePort = value.flags.udpReusePort
        if let size = value.sendBufferSize { sendBufferSize = Int64(size) }
        if let size = value.recvBufferSize { recvBufferSize = Int64(size) }
    }

    func decoded() throws(WorkerProtocolError) -> TransportListenInfo {
        TransportListenInfo(
            protocol: try parse(`protocol`),
            ip: ip,
            announcedAddress: hasAnnouncedAddress ? announcedAddress : nil,
            exposeInternalIp: exposeInternalIp,
            port: try narrow(port),
            portRange: TransportPortRange(min: try narrow(minPort), max: try narrow(maxPort)),
            flags: TransportSocketFlags(ipv6Only: ipv6Only, udpReusePort: udpReusePort),
            sendBufferSize: hasSendBufferSize ? try narrow(sendBufferSize) as Int : nil,
            recvBufferSize: hasRecvBufferSize ? try narrow(recvBufferSize) as Int : nil
        )
    }
}

extension PBListenAddress {
    init(_ value: ListenAddress) {
        (`protocol`, ip, port) = (value.protocol.rawValue, value.ip, UInt32(value.port))
    }

    func decoded() throws(WorkerProtocolError) -> ListenAddress {
        ListenAddress(protocol: try parse(`protocol`), ip: ip, port: try narrow(port))
    }
}

extension PBTransportTuple {
    init(_ value: TransportTuple) {
        (localAddress, localPort) = (value.localAddress, UInt32(value.localPort))
        if let ip = value.remoteIp { remoteIp = ip }
        if let port = value.remotePort { remotePort = UInt32(port) }
        `protocol` = value.protocol.rawValue
    }

    func decoded() throws(WorkerProtocolError) -> TransportTuple {
        TransportTuple(
            localAddress: localAddress,
            localPort: try narrow(localPort),
            remoteIp: hasRemoteIp ? remoteIp : nil,
            remotePort: hasRemotePort ? try narrow(remotePort) as UInt16 : nil,
            protocol: try parse(`protocol`)
        )
    }
}

extension PBIceParameters {
    init(_ value: IceParameters) {
        (usernameFragment, password) = (value.usernameFragment, value.password)
        if let lite = value.iceLite { iceLite = lite }
    }

    func decoded() -> IceParameters {
        IceParameters(usernameFragment: usernameFragment, password: password, iceLite: hasIceLite ? iceLite : nil)
    }
}

extension PBIceCandidate {
    init(_ value: IceCandidate) {
        (foundation, priority, address) = (value.foundation, value.priority, value.address)
        (`protocol`, port, type) = (value.protocol.rawValue, UInt32(value.port), value.type.rawValue)
        if let type = value.tcpType { tcpType = type.rawValue }
    }

    func decoded() throws(WorkerProtocolError) -> IceCandidate {
        IceCandidate(
            foundation: foundation,
            priority: priority,
            address: address,
            protocol: try parse(`protocol`),
            port: try narrow(port),
            type: try parse(type),
            tcpType: hasTcpType ? try parse(tcpType) as IceCandidate.TcpType : nil
        )
    }
}

extension PBDtlsParameters {
    init(_ value: DtlsParameters) {
        role = value.role.rawValue
        fingerprints = value.fingerprints.map { fingerprint in
            .with { ($0.algorithm, $0.value) = (fingerprint.algorithm, fingerprint.value) }
        }
    }

    func decoded() throws(WorkerProtocolError) -> DtlsParameters {
        DtlsParameters(
            role: try parse(role),
            fingerprints: fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm, value: $0.value) }
        )
    }
}
