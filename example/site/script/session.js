const response = await fetch("/.proconnect/session");
const answer = await response.json();
if (response.status === 401) {
  location.assign(answer.login_url);
}
document.querySelector("#answer").textContent = JSON.stringify(answer, null, 2);
