/** True where nothing may be skipped for want of a tool: CI sets up all of them first. */
export const isRequired = (process.env["CI"] ?? "") !== "";
