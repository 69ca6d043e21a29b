import BusSchema
import GatewayCore
import GatewaySite
import JSON
import OCPP
import Primitives
import ServiceHost
import SiteConfiguration
import WebSocket

/// What the site's file says to the gateway, in the words of its core.
struct Site {
    let configuration: GatewayConfiguration
    let table: OCPPKeyTable
    /// Nil when there is nothing to connect to.
    let url: WebSocketURL?
    let identity: String
    /// Key for HTTP Basic authentication that the site gives, in hexadecimal digits, used until one is set over OCPP.
    let authorizationKey: Secret?
    /// What is wrong with the key that the unit hands over, which is not used then: a typing error must not keep a charger from its work, which may
    /// have a newer key.
    let credentialMistake: SiteFileError?
    /// Where the certificates to trust are, for an encrypted link.
    let trust: TrustFiles?

    /// - Parameters:
    ///   - file: The site's file.
    ///   - credential: The key that the unit hands to the gateway alone; it wins over the one of the file.
    ///   - machineBootId: What tells this boot of the machine from others.
    ///   - clockIsTrusted: Whether the wall clock is right at this moment.
    ///   - bootedByWatchdog: Whether the watchdog has booted the machine.
    /// - Throws: `SiteFileError` naming the value that does not fit.
    init(
        _ file: SiteFile,
        credential: Credential? = nil,
        machineBootId: String,
        clockIsTrusted: Bool,
        bootedByWatchdog: Bool
    ) throws(SiteFileError) {
        let connectors = try file.connectors(unknownKeys: .ignored)
        let permit = try file.permit()
        let powerLoss = try file.powerLoss()
        let reset = try file.reset()
        let central = try file.centralSystem()
        let site = try KeySite(file)
        let security = site.security
        do throws(Misfit) {
            table = try OCPPKeyTable(site: site)
        } catch {
            throw file.failure(at: "ocpp.\(error.key)", error.reason)
        }
        let identity = central?.identity ?? ""
        self.identity = identity
        let key = credential.flatMap(Self.key)
        authorizationKey = key ?? central?.authorizationKey
        credentialMistake = credential.flatMap { key == nil ? Self.mistake($0) : nil }
        let (url, problem) = try Self.address(central, in: file)
        self.url = url
        let trust = central.map { TrustFiles(roots: $0.rootCertificates, revocations: $0.revocationLists) }
        self.trust = url?.isSecure == true ? trust : nil
        configuration = GatewayConfiguration(
            profile: url.map {
                ConnectionProfile(
                    url: $0.description,
                    host: $0.host,
                    port: $0.port,
                    identity: identity,
                    security: security,
                    credential: "AuthorizationKey",
                    trust: $0.isSecure ? trust?.roots : nil
                )
            },
            endpointProblem: problem,
            patience: Self.patience(central),
            bootNotification: Self.bootNotification(try file.station()),
            callTimeout: .seconds(central?.callTimeoutSeconds ?? 30),
            charging: ChargingConfiguration(
                connectors: connectors.map(Self.connector),
                powerLoss: powerLoss.policy == .resume ? .resume : .stop,
                maximumOutage: .seconds(powerLoss.maximumOutageSeconds),
                bootedByWatchdog: bootedByWatchdog,
                permitLease: .seconds(permit.leaseSeconds),
                permitRenewal: .seconds(permit.renewSeconds),
                machineBootId: machineBootId,
                clockIsTrusted: clockIsTrusted
            ),
            hardResetBootsMachine: reset.hard == .machine
        )
    }

    private static func key(_ credential: Credential) -> Secret? {
        guard let secret = credential.secret, let bytes = Hexadecimal.bytes(secret.exposed),
            (16...20).contains(bytes.count)
        else { return nil }
        return secret
    }

    private static func mistake(_ credential: Credential) -> SiteFileError {
        let expected = "expected 32 to 40 hexadecimal digits, two per byte, and found"
        let problem =
            switch credential.secret?.exposed {
            case nil: "it cannot be read"
            case ""?: "\(expected) nothing"
            default: "\(expected) something else"
            }
        return SiteFileError(
            file: credential.path,
            path: "",
            problem:
                "\(problem); this first AuthorizationKey is not used, but only one that was set since or stands in charger.json"
        )
    }

    private static func address(
        _ central: CentralSystemSection?,
        in file: SiteFile
    ) throws(SiteFileError) -> (url: WebSocketURL?, problem: String?) {
        guard let central else {
            return (nil, "there is no central system: name one as centralSystem.url in \(file.name)")
        }
        do throws(WebSocketURLError) {
            return (try WebSocketURL(central.url).appending(identity: central.identity), nil)
        } catch {
            throw file.failure(at: "centralSystem.url", error.description)
        }
    }

    private static func patience(_ central: CentralSystemSection?) -> Patience {
        guard let central else { return Patience() }
        return Patience(
            step: .seconds(central.connectTimeoutSeconds),
            pong: .seconds(central.pongTimeoutSeconds),
            firstWait: .seconds(central.reconnectMinimumSeconds),
            longestWait: .seconds(central.reconnectMaximumSeconds)
        )
    }

    private static func connector(_ section: ConnectorSection) -> ChargingConfiguration.Connector {
        ChargingConfiguration.Connector(
            id: section.id,
            fixedCable: section.cable == .fixed,
            hasLock: section.lock != nil,
            ratedMilliamps: section.maximumCurrentAmps * 1000,
            phases: section.phases
        )
    }

    private static func bootNotification(_ station: StationSection) -> BootNotification.Request {
        BootNotification.Request(
            chargePointVendor: CiString20(fitting: station.chargePointVendor),
            chargePointModel: CiString20(fitting: station.chargePointModel),
            chargePointSerialNumber: station.chargePointSerialNumber.map { CiString25(fitting: $0) },
            chargeBoxSerialNumber: station.chargeBoxSerialNumber.map { CiString25(fitting: $0) },
            firmwareVersion: CiString50(fitting: station.firmwareVersion ?? SoftwareVersion.current),
            iccid: station.iccid.map { CiString20(fitting: $0) },
            imsi: station.imsi.map { CiString20(fitting: $0) },
            meterType: station.meterType.map { CiString25(fitting: $0) },
            meterSerialNumber: station.meterSerialNumber.map { CiString25(fitting: $0) }
        )
    }
}
