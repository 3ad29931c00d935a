/// The dashboard's files, which the build puts into the binary: see `HTTP/Dashboard`.
enum Assets {
    static let page = PackageResources.dashboard_html
    static let script = PackageResources.dashboard_js
    static let style = PackageResources.dashboard_css
}
